// What of OpenBLAS is called, under its own names; only for the sources of this module.
#ifndef REGULUS_OPENBLAS_FUNCTIONS_H
#define REGULUS_OPENBLAS_FUNCTIONS_H

#include "openblas.h"

#include <stddef.h>

// Fortran takes the address of every argument. The lengths of texts follow behind all of them.
void dbdsqr_(
    const char *uplo, const int *n, const int *ncvt, const int *nru, const int *ncc, double *d, double *e, double *vt, const int *ldvt, double *u,
    const int *ldu, double *c, const int *ldc, double *work, int *info, size_t uplo_length);
void dgebrd_(
    const int *m, const int *n, double *a, const int *lda, double *d, double *e, double *tauq, double *taup, double *work, const int *lwork,
    int *info);
void dgeqrf_(const int *m, const int *n, double *a, const int *lda, double *tau, double *work, const int *lwork, int *info);
void dgesdd_(
    const char *jobz, const int *m, const int *n, double *a, const int *lda, double *s, double *u, const int *ldu, double *vt, const int *ldvt,
    double *work, const int *lwork, int *iwork, int *info, size_t jobz_length);
void dgetrf_(const int *m, const int *n, double *a, const int *lda, int *ipiv, int *info);
void dgetri_(const int *n, double *a, const int *lda, const int *ipiv, double *work, const int *lwork, int *info);
void dgetrs_(
    const char *trans, const int *n, const int *nrhs, const double *a, const int *lda, const int *ipiv, double *b, const int *ldb, int *info,
    size_t trans_length);
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info, size_t uplo_length);
void dpotri_(const char *uplo, const int *n, double *a, const int *lda, int *info, size_t uplo_length);
void dsyevd_(
    const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work, const int *lwork, int *iwork,
    const int *liwork, int *info, size_t jobz_length, size_t uplo_length);

#define OPENBLAS_FUNCTIONS(use) \
    use(cblas_sgemm) use(cblas_dgemm) use(cblas_dsymm) use(cblas_dsyrk) use(cblas_dtrmm) use(cblas_dtrsm) \
    use(dbdsqr_) use(dgebrd_) use(dgeqrf_) use(dgesdd_) use(dgetrf_) use(dgetri_) use(dgetrs_) use(dpotrf_) use(dpotri_) use(dsyevd_) \
    use(openblas_get_corename) use(openblas_set_num_threads)

// Pointers to the functions, each of the type that is declared.
struct openblas_functions {
#define OPENBLAS_POINTER(name) __typeof__(&name) name;
    OPENBLAS_FUNCTIONS(OPENBLAS_POINTER)
#undef OPENBLAS_POINTER
};

// The functions of the library, which the first call opens, for a thread that computes: where there is no room for its buffer, the process ends
// with a sentence and exit code 2.
const struct openblas_functions *openblas(void);

#endif
