// Factorizations, of LAPACK's functions in OpenBLAS.
//
// They are called as Fortran has them, because the C interface to LAPACK (LAPACKE) is a library of its own, which brings LAPACK once more.
// Every matrix is stored column after column, so that a row-major matrix stands for its transpose, and is overwritten with the result. Each
// function returns 0, or another number where there is no result.
#ifndef REGULUS_FACTORIZATIONS_H
#define REGULUS_FACTORIZATIONS_H

enum { LAPACK_IS_SHORT_OF_MEMORY = -1000, LAPACK_IS_GIVEN_NAN = -1001 };

// U with A = Uᵀ U of a symmetric positive definite A, of which the upper triangle is read and replaced. NaN shows in the result.
int lapack_cholesky(int order, double *a);

// The upper triangle of A⁻¹, of what `lapack_cholesky` left.
int lapack_cholesky_inverse(int order, double *factor);

// L (whose diagonal of ones is not stored) and U with P A = L U, and `order` pivots, counted from 1. More than 0 where U is singular.
int lapack_lu(int order, double *a, int *pivots);

// A⁻¹, of what `lapack_lu` left.
int lapack_lu_inverse(int order, double *factors, const int *pivots);

// A⁻¹ B for an `order×columns` B, of what `lapack_lu` left.
int lapack_lu_solve(int order, const double *factors, const int *pivots, int columns, double *b);

// R with A = Q R in the upper triangle of a `rows×columns` A. Below it stands what Q is made of.
int lapack_triangular_factor(int rows, int columns, double *a);

// Eigenvalues in ascending order, and eigenvectors as columns, of a symmetric matrix, of which one triangle is read: 'U' or 'L'.
int lapack_symmetric_spectrum(char triangle, int order, double *a, double *eigenvalues);

// The singular values of a `rows×columns` matrix in descending order, as many as its smaller extent. The matrix is destroyed.
int lapack_singular_values(int rows, int columns, double *a, double *values);

// The diagonal of B, and the numbers right of it, of A = Q B Pᵀ with orthogonal Q and P and an upper bidiagonal B. A is `rows×columns`, has no
// more columns than rows and is destroyed. P leaves the first axis as it is.
int lapack_bidiagonal_form(int rows, int columns, double *a, double *diagonal, double *beside);

// The singular values of an upper bidiagonal matrix, in descending order, in place of its diagonal. The numbers right of the diagonal are destroyed.
int lapack_bidiagonal_singular_values(int order, double *diagonal, double *beside);

#endif
