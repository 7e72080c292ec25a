#include "loading.h"

#include <dlfcn.h>
#include <stdio.h>

static void explain(const char *otherwise, char *reason, size_t size) {
    const char *error = dlerror();
    snprintf(reason, size, "%s", error ? error : otherwise);
}

void *regulus_open_library(const char *folder, const char *name, char *reason, size_t size) {
    char path[4096];
    int length = snprintf(path, sizeof path, "%s%s%s", folder ? folder : "", folder ? "/" : "", name);
    void *library = length > 0 && (size_t)length < sizeof path ? dlopen(path, RTLD_LAZY | RTLD_LOCAL) : NULL;
    if (!library) explain(name, reason, size);
    return library;
}

int regulus_find_function(void *library, const char *name, void **function, char *reason, size_t size) {
    *function = dlsym(library, name);
    if (!*function) explain(name, reason, size);
    return *function != NULL;
}
