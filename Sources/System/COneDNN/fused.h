// A forward convolution that also adds a bias, and where asked what the destination already holds, and rectifies: the one
// kernel that a network with fixed weights is made of.
#ifndef REGULUS_CONEDNN_FUSED_H
#define REGULUS_CONEDNN_FUSED_H

#include "kernel.h"

// Arguments, in order: src, weights, dst, bias. With `adds`, dst is read before it is written.
static inline dnnl_status_t regulus_fused_convolution(regulus_kernel *kernel, dnnl_engine_t engine, const regulus_layout *source,
                                                      const regulus_layout *weights, const regulus_layout *bias,
                                                      const regulus_layout *destination, int spatial, const long *stride,
                                                      const long *padding, const long *dilation, int adds, int rectifies) {
    dnnl_dims_t steps, paddings, dilations;
    regulus_dimensions(steps, stride, spatial);
    regulus_dimensions(paddings, padding, spatial);
    for (int axis = 0; axis < spatial; ++axis) dilations[axis] = dilation[axis] - 1;
    dnnl_primitive_attr_t attributes;
    dnnl_post_ops_t after = NULL;
    dnnl_primitive_desc_t description = NULL;
    const regulus_description read = REGULUS_DESCRIPTION(source), kernels = REGULUS_DESCRIPTION(weights), made = REGULUS_DESCRIPTION(destination);
    const regulus_description shift = REGULUS_DESCRIPTION(bias);
    dnnl_status_t status = regulus_attributes(&attributes);
    if (status != dnnl_success) return status;
    status = dnnl_post_ops_create(&after);
#if DNNL_VERSION_MAJOR == 2
    if (status == dnnl_success && adds) status = dnnl_post_ops_append_sum(after, 1.0f);
    if (status == dnnl_success && rectifies) status = dnnl_post_ops_append_eltwise(after, 1.0f, dnnl_eltwise_relu, 0.0f, 0.0f);
    if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(attributes, after);
    dnnl_convolution_desc_t operation;
    if (status == dnnl_success)
        status = dnnl_dilated_convolution_forward_desc_init(&operation, dnnl_forward_inference, dnnl_convolution_direct, read, kernels, shift,
                                                            made, steps, dilations, paddings, paddings);
    if (status == dnnl_success) status = regulus_describe_forward(&description, &operation, attributes, engine, source->description.dims[1]);
#else
    if (status == dnnl_success && adds) status = dnnl_post_ops_append_sum(after, 1.0f, 0, dnnl_f32);
    if (status == dnnl_success && rectifies) status = dnnl_post_ops_append_eltwise(after, dnnl_eltwise_relu, 0.0f, 0.0f);
    if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(attributes, after);
    if (status == dnnl_success)
        status = dnnl_convolution_forward_primitive_desc_create(&description, engine, dnnl_forward_inference, dnnl_convolution_direct, read,
                                                                kernels, shift, made, steps, dilations, paddings, paddings, attributes);
#endif
    if (after) dnnl_post_ops_destroy(after);
    dnnl_primitive_attr_destroy(attributes);
    if (status != dnnl_success) return status;
    const int arguments[] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_BIAS};
    return regulus_kernel_finish(kernel, engine, description, arguments, 4);
}

// Whether two layouts place every element alike.
static inline int regulus_layouts_equal(const regulus_layout *left, const regulus_layout *right) {
    return dnnl_memory_desc_equal(REGULUS_DESCRIPTION(left), REGULUS_DESCRIPTION(right));
}

#endif
