// Factorizations, of LAPACK's functions in OpenBLAS.
//
// They are called as Fortran has them, because the C interface to LAPACK (LAPACKE) is a library of its own, which brings LAPACK once more.
// Every matrix is stored column after column, so that a row-major matrix stands for its transpose, and is overwritten with the result. Each
// function returns 0, or another number where there is no result.
#ifndef REGULUS_FACTORIZATIONS_H
#define REGULUS_FACTORIZATIONS_H

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

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

enum { LAPACK_IS_SHORT_OF_MEMORY = -1000, LAPACK_IS_GIVEN_NAN = -1001 };

// An extent of 0 is none that LAPACK takes.
static inline int lapack_leading(int rows) { return rows > 0 ? rows : 1; }

// Solvers that iterate need not end on NaN.
static inline int lapack_has_nan(const double *values, size_t count) {
    for (size_t place = 0; place < count; place++) {
        if (isnan(values[place])) return 1;
    }
    return 0;
}

// U with A = Uᵀ U of a symmetric positive definite A, of which the upper triangle is read and replaced. NaN shows in the result.
static inline int lapack_cholesky(int order, double *a) {
    int leading = lapack_leading(order), info = 0;
    dpotrf_("U", &order, a, &leading, &info, 1);
    return info;
}

// The upper triangle of A⁻¹, of what `lapack_cholesky` left.
static inline int lapack_cholesky_inverse(int order, double *factor) {
    int leading = lapack_leading(order), info = 0;
    dpotri_("U", &order, factor, &leading, &info, 1);
    return info;
}

// L (whose diagonal of ones is not stored) and U with P A = L U, and `order` pivots, counted from 1. More than 0 where U is singular.
static inline int lapack_lu(int order, double *a, int *pivots) {
    int leading = lapack_leading(order), info = 0;
    dgetrf_(&order, &order, a, &leading, pivots, &info);
    return info;
}

// A⁻¹, of what `lapack_lu` left.
static inline int lapack_lu_inverse(int order, double *factors, const int *pivots) {
    int leading = lapack_leading(order), info = 0, size = -1;
    double best = 0;
    dgetri_(&order, factors, &leading, pivots, &best, &size, &info);
    if (info) return info;
    size = (int)best;
    double *work = malloc(sizeof(double) * (size_t)lapack_leading(size));
    if (!work) return LAPACK_IS_SHORT_OF_MEMORY;
    dgetri_(&order, factors, &leading, pivots, work, &size, &info);
    free(work);
    return info;
}

// A⁻¹ B for an `order×columns` B, of what `lapack_lu` left.
static inline int lapack_lu_solve(int order, const double *factors, const int *pivots, int columns, double *b) {
    int leading = lapack_leading(order), info = 0;
    dgetrs_("N", &order, &columns, factors, &leading, pivots, b, &leading, &info, 1);
    return info;
}

// R with A = Q R in the upper triangle of a `rows×columns` A. Below it stands what Q is made of.
static inline int lapack_triangular_factor(int rows, int columns, double *a) {
    int leading = lapack_leading(rows), info = 0, size = -1;
    double best = 0;
    dgeqrf_(&rows, &columns, a, &leading, &best, &best, &size, &info);
    if (info) return info;
    size = lapack_leading((int)best);
    size_t reflections = (size_t)(rows < columns ? rows : columns);
    double *work = malloc(sizeof(double) * ((size_t)size + reflections));
    if (!work) return LAPACK_IS_SHORT_OF_MEMORY;
    dgeqrf_(&rows, &columns, a, &leading, work + size, work, &size, &info);
    free(work);
    return info;
}

// Eigenvalues in ascending order, and eigenvectors as columns, of a symmetric matrix, of which one triangle is read: 'U' or 'L'.
static inline int lapack_symmetric_spectrum(char triangle, int order, double *a, double *eigenvalues) {
    if (lapack_has_nan(a, (size_t)order * (size_t)order)) return LAPACK_IS_GIVEN_NAN;
    int leading = lapack_leading(order), info = 0, size = -1, integers = -1, best_integers = 0;
    double best = 0;
    dsyevd_("V", &triangle, &order, a, &leading, eigenvalues, &best, &size, &best_integers, &integers, &info, 1, 1);
    if (info) return info;
    size = lapack_leading((int)best);
    integers = lapack_leading(best_integers);
    double *work = malloc(sizeof(double) * (size_t)size);
    int *integer_work = malloc(sizeof(int) * (size_t)integers);
    info = LAPACK_IS_SHORT_OF_MEMORY;
    if (work && integer_work) {
        dsyevd_("V", &triangle, &order, a, &leading, eigenvalues, work, &size, integer_work, &integers, &info, 1, 1);
    }
    free(work);
    free(integer_work);
    return info;
}

// The singular values of a `rows×columns` matrix in descending order, as many as its smaller extent. The matrix is destroyed.
static inline int lapack_singular_values(int rows, int columns, double *a, double *values) {
    if (lapack_has_nan(a, (size_t)rows * (size_t)columns)) return LAPACK_IS_GIVEN_NAN;
    int leading = lapack_leading(rows), one = 1, info = 0, size = -1, few = rows < columns ? rows : columns;
    int *integer_work = malloc(sizeof(int) * 8 * (size_t)lapack_leading(few));
    if (!integer_work) return LAPACK_IS_SHORT_OF_MEMORY;
    double best = 0, none = 0;
    dgesdd_("N", &rows, &columns, a, &leading, values, &none, &one, &none, &one, &best, &size, integer_work, &info, 1);
    if (info == 0) {
        size = lapack_leading((int)best);
        double *work = malloc(sizeof(double) * (size_t)size);
        info = LAPACK_IS_SHORT_OF_MEMORY;
        if (work) {
            dgesdd_("N", &rows, &columns, a, &leading, values, &none, &one, &none, &one, work, &size, integer_work, &info, 1);
        }
        free(work);
    }
    free(integer_work);
    return info;
}

// The diagonal of B, and the numbers right of it, of A = Q B Pᵀ with orthogonal Q and P and an upper bidiagonal B. A is `rows×columns`, has no
// more columns than rows and is destroyed. P leaves the first axis as it is.
static inline int lapack_bidiagonal_form(int rows, int columns, double *a, double *diagonal, double *beside) {
    int leading = lapack_leading(rows), info = 0, size = -1;
    double best = 0;
    dgebrd_(&rows, &columns, a, &leading, diagonal, beside, &best, &best, &best, &size, &info);
    if (info) return info;
    size = lapack_leading((int)best);
    double *work = malloc(sizeof(double) * ((size_t)size + 2 * (size_t)lapack_leading(columns)));
    if (!work) return LAPACK_IS_SHORT_OF_MEMORY;
    double *left = work + size, *right = left + lapack_leading(columns);
    dgebrd_(&rows, &columns, a, &leading, diagonal, beside, left, right, work, &size, &info);
    free(work);
    return info;
}

// The singular values of an upper bidiagonal matrix, in descending order, in place of its diagonal. The numbers right of the diagonal are destroyed.
static inline int lapack_bidiagonal_singular_values(int order, double *diagonal, double *beside) {
    if (order > 0 && (lapack_has_nan(diagonal, (size_t)order) || lapack_has_nan(beside, (size_t)order - 1))) return LAPACK_IS_GIVEN_NAN;
    int none = 0, one = 1, info = 0;
    double nothing = 0;
    double *work = malloc(sizeof(double) * 4 * (size_t)lapack_leading(order));
    if (!work) return LAPACK_IS_SHORT_OF_MEMORY;
    dbdsqr_("U", &order, &none, &none, &none, diagonal, beside, &nothing, &one, &nothing, &one, &nothing, &one, work, &info, 1);
    free(work);
    return info;
}

#endif
