#include "factorizations.h"

#include "functions.h"

#include <math.h>
#include <stdlib.h>

// An extent of 0 is none that LAPACK takes.
static int lapack_leading(int rows) { return rows > 0 ? rows : 1; }

// Solvers that iterate need not end on NaN.
static int lapack_has_nan(const double *values, size_t count) {
    for (size_t place = 0; place < count; place++) {
        if (isnan(values[place])) return 1;
    }
    return 0;
}

int lapack_cholesky(int order, double *a) {
    int leading = lapack_leading(order), info = 0;
    openblas()->dpotrf_("U", &order, a, &leading, &info, 1);
    return info;
}

int lapack_cholesky_inverse(int order, double *factor) {
    int leading = lapack_leading(order), info = 0;
    openblas()->dpotri_("U", &order, factor, &leading, &info, 1);
    return info;
}

int lapack_lu(int order, double *a, int *pivots) {
    int leading = lapack_leading(order), info = 0;
    openblas()->dgetrf_(&order, &order, a, &leading, pivots, &info);
    return info;
}

int lapack_lu_inverse(int order, double *factors, const int *pivots) {
    int leading = lapack_leading(order), info = 0, size = -1;
    double best = 0;
    openblas()->dgetri_(&order, factors, &leading, pivots, &best, &size, &info);
    if (info) return info;
    size = (int)best;
    double *work = malloc(sizeof(double) * (size_t)lapack_leading(size));
    if (!work) return LAPACK_IS_SHORT_OF_MEMORY;
    openblas()->dgetri_(&order, factors, &leading, pivots, work, &size, &info);
    free(work);
    return info;
}

int lapack_lu_solve(int order, const double *factors, const int *pivots, int columns, double *b) {
    int leading = lapack_leading(order), info = 0;
    openblas()->dgetrs_("N", &order, &columns, factors, &leading, pivots, b, &leading, &info, 1);
    return info;
}

int lapack_triangular_factor(int rows, int columns, double *a) {
    int leading = lapack_leading(rows), info = 0, size = -1;
    double best = 0;
    openblas()->dgeqrf_(&rows, &columns, a, &leading, &best, &best, &size, &info);
    if (info) return info;
    size = lapack_leading((int)best);
    size_t reflections = (size_t)(rows < columns ? rows : columns);
    double *work = malloc(sizeof(double) * ((size_t)size + reflections));
    if (!work) return LAPACK_IS_SHORT_OF_MEMORY;
    openblas()->dgeqrf_(&rows, &columns, a, &leading, work + size, work, &size, &info);
    free(work);
    return info;
}

int lapack_symmetric_spectrum(char triangle, int order, double *a, double *eigenvalues) {
    if (lapack_has_nan(a, (size_t)order * (size_t)order)) return LAPACK_IS_GIVEN_NAN;
    int leading = lapack_leading(order), info = 0, size = -1, integers = -1, best_integers = 0;
    double best = 0;
    openblas()->dsyevd_("V", &triangle, &order, a, &leading, eigenvalues, &best, &size, &best_integers, &integers, &info, 1, 1);
    if (info) return info;
    size = lapack_leading((int)best);
    integers = lapack_leading(best_integers);
    double *work = malloc(sizeof(double) * (size_t)size);
    int *integer_work = malloc(sizeof(int) * (size_t)integers);
    info = LAPACK_IS_SHORT_OF_MEMORY;
    if (work && integer_work) {
        openblas()->dsyevd_("V", &triangle, &order, a, &leading, eigenvalues, work, &size, integer_work, &integers, &info, 1, 1);
    }
    free(work);
    free(integer_work);
    return info;
}

int lapack_singular_values(int rows, int columns, double *a, double *values) {
    if (lapack_has_nan(a, (size_t)rows * (size_t)columns)) return LAPACK_IS_GIVEN_NAN;
    int leading = lapack_leading(rows), one = 1, info = 0, size = -1, few = rows < columns ? rows : columns;
    int *integer_work = malloc(sizeof(int) * 8 * (size_t)lapack_leading(few));
    if (!integer_work) return LAPACK_IS_SHORT_OF_MEMORY;
    double best = 0, none = 0;
    openblas()->dgesdd_("N", &rows, &columns, a, &leading, values, &none, &one, &none, &one, &best, &size, integer_work, &info, 1);
    if (info == 0) {
        size = lapack_leading((int)best);
        double *work = malloc(sizeof(double) * (size_t)size);
        info = LAPACK_IS_SHORT_OF_MEMORY;
        if (work) {
            openblas()->dgesdd_("N", &rows, &columns, a, &leading, values, &none, &one, &none, &one, work, &size, integer_work, &info, 1);
        }
        free(work);
    }
    free(integer_work);
    return info;
}

int lapack_bidiagonal_form(int rows, int columns, double *a, double *diagonal, double *beside) {
    int leading = lapack_leading(rows), info = 0, size = -1;
    double best = 0;
    openblas()->dgebrd_(&rows, &columns, a, &leading, diagonal, beside, &best, &best, &best, &size, &info);
    if (info) return info;
    size = lapack_leading((int)best);
    double *work = malloc(sizeof(double) * ((size_t)size + 2 * (size_t)lapack_leading(columns)));
    if (!work) return LAPACK_IS_SHORT_OF_MEMORY;
    double *left = work + size, *right = left + lapack_leading(columns);
    openblas()->dgebrd_(&rows, &columns, a, &leading, diagonal, beside, left, right, work, &size, &info);
    free(work);
    return info;
}

int lapack_bidiagonal_singular_values(int order, double *diagonal, double *beside) {
    if (order > 0 && (lapack_has_nan(diagonal, (size_t)order) || lapack_has_nan(beside, (size_t)order - 1))) return LAPACK_IS_GIVEN_NAN;
    int none = 0, one = 1, info = 0;
    double nothing = 0;
    double *work = malloc(sizeof(double) * 4 * (size_t)lapack_leading(order));
    if (!work) return LAPACK_IS_SHORT_OF_MEMORY;
    openblas()->dbdsqr_("U", &order, &none, &none, &none, diagonal, beside, &nothing, &one, &nothing, &one, &nothing, &one, work, &info, 1);
    free(work);
    return info;
}
