#include "loading.h"

#include <dlfcn.h>
#include <stdio.h>
#include <sys/mman.h>

// What the largest of the libraries maps, in bytes.
static const size_t library_size = 64 << 20;

static void explain(const char *otherwise, char *reason, size_t size) {
    const char *error = dlerror();
    snprintf(reason, size, "%s", error ? error : otherwise);
}

int regulus_has_room(size_t bytes) {
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return 0;
    munmap(memory, bytes);
    return 1;
}

void *regulus_open_library(const char *folder, const char *name, char *reason, size_t size) {
    char path[4096];
    int length = snprintf(path, sizeof path, "%s%s%s", folder ? folder : "", folder ? "/" : "", name);
    void *library = length > 0 && (size_t)length < sizeof path ? dlopen(path, RTLD_LAZY | RTLD_LOCAL) : NULL;
    if (!library) explain(name, reason, size);
    // As the loader puts it, a segment could not be mapped, and one would look for the fault in the file.
    if (!library && !regulus_has_room(library_size)) {
        snprintf(reason, size, "%s: this process may map no more memory, see ulimit -v", name);
    }
    return library;
}

int regulus_find_function(void *library, const char *name, void **function, char *reason, size_t size) {
    *function = dlsym(library, name);
    if (!*function) explain(name, reason, size);
    return *function != NULL;
}
