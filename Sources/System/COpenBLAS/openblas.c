#include "functions.h"
#include "loading.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct openblas_functions functions;
static void (*forget_kernels)(void), (*find_kernels)(void);

// What the loader does where a library that a program is linked with is missing: nothing can be computed without this one.
static void give_up(const char *reason) {
    fprintf(stderr, "OpenBLAS cannot be opened (%s): install it (Debian, Ubuntu: apt-get install libopenblas0)\n", reason);
    _exit(127);
}

// What the library maps when it is opened, and the buffer that it keeps for each thread in it, in bytes.
enum { library_size = 64 << 20, buffer_size = 130 << 20 };

// Where OpenBLAS finds no room for a buffer it asks for it again and again, forever.
static void require_room(size_t bytes) {
    if (regulus_has_room(bytes)) return;
    fprintf(
        stderr,
        "error: matrix products (OpenBLAS) need %zu MiB more of address space than this process may have. Raise the limit (ulimit -v), or bound "
        "memory by a control group instead\n",
        bytes >> 20);
    // The exit code of what the user has to change.
    _exit(2);
}

// Opens OpenBLAS without threads of its own, which would each take a buffer and stay idle: it computes on the threads that call it.
static void *open_without_threads(char *reason, size_t size) {
    static const char variable[] = "OPENBLAS_NUM_THREADS";
    const char *present = getenv(variable);
    char *kept = present ? strdup(present) : NULL;
    setenv(variable, "1", 1);
    void *library = regulus_open_library(NULL, "libopenblas.so.0", reason, size);
    if (kept) setenv(variable, kept, 1);
    else unsetenv(variable);
    free(kept);
    return library;
}

static void open_library(void) {
    char reason[512];
    void *library = open_without_threads(reason, sizeof reason);
    if (!library) {
        require_room(library_size);
        give_up(reason);
    }
#define FIND(name) \
    if (!regulus_find_function(library, #name, (void **)&functions.name, reason, sizeof reason)) give_up(reason);
    OPENBLAS_FUNCTIONS(FIND)
    regulus_find_function(library, "gotoblas_dynamic_quit", (void **)&forget_kernels, reason, sizeof reason);
    regulus_find_function(library, "gotoblas_dynamic_init", (void **)&find_kernels, reason, sizeof reason);
}

static const struct openblas_functions *opened(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, open_library);
    return &functions;
}

const struct openblas_functions *openblas(void) {
    static _Thread_local int has_room;
    const struct openblas_functions *found = opened();
    // OpenBLAS keeps its buffers: there are never more than threads that have computed.
    if (!has_room) require_room(buffer_size);
    has_room = 1;
    return found;
}

int regulus_choose_kernels(void) {
    opened();
    if (!forget_kernels || !find_kernels) return 0;
    forget_kernels();
    find_kernels();
    return 1;
}

char *openblas_get_corename(void) { return opened()->openblas_get_corename(); }

void openblas_set_num_threads(int count) { opened()->openblas_set_num_threads(count); }

void cblas_sgemm(
    enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE left, enum CBLAS_TRANSPOSE right, blasint m, blasint n, blasint k, float alpha,
    const float *a, blasint lda, const float *b, blasint ldb, float beta, float *c, blasint ldc) {
    openblas()->cblas_sgemm(order, left, right, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

void cblas_dgemm(
    enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE left, enum CBLAS_TRANSPOSE right, blasint m, blasint n, blasint k, double alpha,
    const double *a, blasint lda, const double *b, blasint ldb, double beta, double *c, blasint ldc) {
    openblas()->cblas_dgemm(order, left, right, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

void cblas_dsymm(
    enum CBLAS_ORDER order, enum CBLAS_SIDE side, enum CBLAS_UPLO triangle, blasint m, blasint n, double alpha, const double *a, blasint lda,
    const double *b, blasint ldb, double beta, double *c, blasint ldc) {
    openblas()->cblas_dsymm(order, side, triangle, m, n, alpha, a, lda, b, ldb, beta, c, ldc);
}

void cblas_dsyrk(
    enum CBLAS_ORDER order, enum CBLAS_UPLO triangle, enum CBLAS_TRANSPOSE transposing, blasint n, blasint k, double alpha, const double *a,
    blasint lda, double beta, double *c, blasint ldc) {
    openblas()->cblas_dsyrk(order, triangle, transposing, n, k, alpha, a, lda, beta, c, ldc);
}

void cblas_dtrmm(
    enum CBLAS_ORDER order, enum CBLAS_SIDE side, enum CBLAS_UPLO triangle, enum CBLAS_TRANSPOSE transposing, enum CBLAS_DIAG diagonal, blasint m,
    blasint n, double alpha, const double *a, blasint lda, double *b, blasint ldb) {
    openblas()->cblas_dtrmm(order, side, triangle, transposing, diagonal, m, n, alpha, a, lda, b, ldb);
}

void cblas_dtrsm(
    enum CBLAS_ORDER order, enum CBLAS_SIDE side, enum CBLAS_UPLO triangle, enum CBLAS_TRANSPOSE transposing, enum CBLAS_DIAG diagonal, blasint m,
    blasint n, double alpha, const double *a, blasint lda, double *b, blasint ldb) {
    openblas()->cblas_dtrsm(order, side, triangle, transposing, diagonal, m, n, alpha, a, lda, b, ldb);
}
