#include "functions.h"
#include "loading.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static struct openblas_functions functions;
static void (*forget_kernels)(void), (*find_kernels)(void);

// What the loader does where a library that a program is linked with is missing: nothing can be computed without this one.
static void give_up(const char *reason) {
    fprintf(stderr, "OpenBLAS cannot be opened (%s): install it (Debian, Ubuntu: apt-get install libopenblas0)\n", reason);
    _exit(127);
}

static void open_library(void) {
    char reason[512];
    void *library = regulus_open_library(NULL, "libopenblas.so.0", reason, sizeof reason);
    if (!library) give_up(reason);
#define FIND(name) \
    if (!regulus_find_function(library, #name, (void **)&functions.name, reason, sizeof reason)) give_up(reason);
    OPENBLAS_FUNCTIONS(FIND)
    regulus_find_function(library, "gotoblas_dynamic_quit", (void **)&forget_kernels, reason, sizeof reason);
    regulus_find_function(library, "gotoblas_dynamic_init", (void **)&find_kernels, reason, sizeof reason);
}

const struct openblas_functions *openblas(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, open_library);
    return &functions;
}

int regulus_choose_kernels(void) {
    openblas();
    if (!forget_kernels || !find_kernels) return 0;
    forget_kernels();
    find_kernels();
    return 1;
}

int openblas_get_num_procs(void) { return openblas()->openblas_get_num_procs(); }

char *openblas_get_corename(void) { return openblas()->openblas_get_corename(); }

void openblas_set_num_threads(int count) { openblas()->openblas_set_num_threads(count); }

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
