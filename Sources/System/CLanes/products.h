// Products of matrices so small that a library's preparations take as long as the product, for processors with vectors of 256 bits or more. Multiplications
// are fused with additions, and each number is a sum in the order of its terms, however many rows and columns there are.
//
// `products` of them lie one behind the other. `scratch` is memory of as many numbers as said, and may be null where none are needed.
#ifndef REGULUS_CLANES_PRODUCTS_H
#define REGULUS_CLANES_PRODUCTS_H

// c = a b, for a of rows×inner and b of inner×columns. Of scratch 16 · inner numbers are needed, where `columns` is no multiple of 16.
void regulus_small_products(const float *a, const float *b, float *c, float *scratch, long products, long rows, long inner, long columns);

// c = aᵀ b, for a of inner×rows, whose rows lie `a_row` numbers apart, and b of inner×columns. `a_step` and `b_step` are the numbers between a product's
// operand and the next one's. Where `adds`, the sum goes on from what `c` holds. Of scratch 16 · inner numbers are needed, where `columns` is no multiple of 16.
void regulus_small_products_of_transposed(const float *a, const float *b, float *c, float *scratch, long products, long a_step, long b_step, long a_row, long rows,
                                    long inner, long columns, int adds);

// c = a bᵀ, for a of rows×inner and b of at least `last`×inner: the columns `first`, a multiple of 64, up to but not including `last` of c, whose rows lie
// `c_row` numbers apart. Of scratch 64 · inner numbers are needed.
void regulus_small_products_by_transposed(const float *a, const float *b, float *c, float *scratch, long rows, long inner, long first, long last, long c_row);

#endif
