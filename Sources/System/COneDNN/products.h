// Batched matrix products as oneDNN computes them: the one kernel that is no layer of its own.
#ifndef REGULUS_CONEDNN_PRODUCTS_H
#define REGULUS_CONEDNN_PRODUCTS_H

#include "kernel.h"

// Products of as many matrices as the first axis has; each layout is batch, rows, columns, with an extent of 1 where one matrix serves
// the whole batch. Arguments, in order: left, right, product.
static inline dnnl_status_t regulus_products(regulus_kernel *kernel, dnnl_engine_t engine, const regulus_layout *left,
                                             const regulus_layout *right, const regulus_layout *product) {
    dnnl_primitive_attr_t attributes;
    dnnl_status_t status = regulus_attributes(&attributes);
    if (status != dnnl_success) return status;
    dnnl_primitive_desc_t description = NULL;
#if DNNL_VERSION_MAJOR == 2
    dnnl_matmul_desc_t operation;
    status = dnnl_matmul_desc_init(&operation, REGULUS_DESCRIPTION(left), REGULUS_DESCRIPTION(right), NULL, REGULUS_DESCRIPTION(product));
    if (status == dnnl_success) status = dnnl_primitive_desc_create(&description, &operation, attributes, engine, NULL);
#else
    status = dnnl_matmul_primitive_desc_create(&description, engine, REGULUS_DESCRIPTION(left), REGULUS_DESCRIPTION(right), NULL,
                                               REGULUS_DESCRIPTION(product), attributes);
#endif
    dnnl_primitive_attr_destroy(attributes);
    if (status != dnnl_success) return status;
    const int arguments[] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST};
    return regulus_kernel_finish(kernel, engine, description, arguments, 3);
}

#endif
