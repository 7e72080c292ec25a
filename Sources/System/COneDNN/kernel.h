// A oneDNN primitive together with the memory descriptors of its arguments: the one shape in which the Swift side sees
// convolution and pooling. oneDNN 2 and 3 name and pass their descriptors differently; that difference
// ends in this file.
#ifndef REGULUS_CONEDNN_KERNEL_H
#define REGULUS_CONEDNN_KERNEL_H

#include <dnnl.h>
#include <stdlib.h>
#include <string.h>

#if DNNL_VERSION_MAJOR < 2 || DNNL_VERSION_MAJOR > 3
#error "Regulus needs oneDNN 2 or 3 (Debian and Ubuntu: libdnnl-dev)"
#endif

enum { regulus_max_arguments = 12, regulus_max_rank = 6 };

// A memory layout. oneDNN 2 describes it by a structure, and oneDNN 3 by a handle; Swift, which treats the two differently, sees neither.
typedef struct {
    dnnl_memory_desc_t description;
} regulus_layout;

// The description as oneDNN's functions take it.
#if DNNL_VERSION_MAJOR == 2
#define REGULUS_DESCRIPTION(layout) (&(layout)->description)
typedef const dnnl_memory_desc_t *regulus_description;
#else
#define REGULUS_DESCRIPTION(layout) ((layout)->description)
typedef const_dnnl_memory_desc_t regulus_description;
#endif

typedef struct {
    dnnl_primitive_t primitive;
    dnnl_primitive_desc_t description;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    int argument_count;
    int arguments[regulus_max_arguments];
    regulus_layout layouts[regulus_max_arguments];
    size_t scratchpad_bytes;
} regulus_kernel;

static inline int regulus_dimensions(dnnl_dims_t out, const long *dimensions, int rank) {
    for (int axis = 0; axis < rank; ++axis) out[axis] = dimensions[axis];
    return rank;
}

// A layout given by its strides in elements, or chosen by oneDNN where `strides` is null.
static inline dnnl_status_t regulus_layout_make(regulus_layout *layout, int rank, const long *dimensions, const long *strides) {
    dnnl_dims_t sizes, steps;
    regulus_dimensions(sizes, dimensions, rank);
    if (strides) regulus_dimensions(steps, strides, rank);
#if DNNL_VERSION_MAJOR == 2
    return strides ? dnnl_memory_desc_init_by_strides(&layout->description, rank, sizes, dnnl_f32, steps)
                   : dnnl_memory_desc_init_by_tag(&layout->description, rank, sizes, dnnl_f32, dnnl_format_tag_any);
#else
    return strides ? dnnl_memory_desc_create_with_strides(&layout->description, rank, sizes, dnnl_f32, steps)
                   : dnnl_memory_desc_create_with_tag(&layout->description, rank, sizes, dnnl_f32, dnnl_format_tag_any);
#endif
}

static inline dnnl_status_t regulus_layout_copy(regulus_layout *layout, regulus_description source) {
#if DNNL_VERSION_MAJOR == 2
    layout->description = *source;
    return dnnl_success;
#else
    return dnnl_memory_desc_clone(&layout->description, source);
#endif
}

static inline void regulus_layout_destroy(regulus_layout *layout) {
#if DNNL_VERSION_MAJOR == 3
    dnnl_memory_desc_destroy(layout->description);
#endif
    memset(layout, 0, sizeof *layout);
}

static inline size_t regulus_layout_bytes(const regulus_layout *layout) {
    return dnnl_memory_desc_get_size(REGULUS_DESCRIPTION(layout));
}

static inline const regulus_layout *regulus_kernel_layout(const regulus_kernel *kernel, int index) { return &kernel->layouts[index]; }

// The scratchpad is the caller's, so one kernel may run on several threads at once.
static inline dnnl_status_t regulus_attributes(dnnl_primitive_attr_t *attributes) {
    dnnl_status_t status = dnnl_primitive_attr_create(attributes);
    if (status != dnnl_success) return status;
    return dnnl_primitive_attr_set_scratchpad_mode(*attributes, dnnl_scratchpad_mode_user);
}

static inline dnnl_status_t regulus_engine(dnnl_engine_t *engine) { return dnnl_engine_create(engine, dnnl_cpu, 0); }

// Completes a kernel from its primitive description: asks for the layout of each argument and the scratchpad's size.
static inline dnnl_status_t regulus_kernel_finish(regulus_kernel *kernel, dnnl_engine_t engine, dnnl_primitive_desc_t description,
                                                  const int *arguments, int argument_count) {
    memset(kernel, 0, sizeof *kernel);
    kernel->engine = engine;
    kernel->description = description;
    kernel->argument_count = argument_count;
    for (int index = 0; index < argument_count; ++index) {
        kernel->arguments[index] = arguments[index];
        regulus_description layout = dnnl_primitive_desc_query_md(description, dnnl_query_exec_arg_md, arguments[index]);
        if (!layout) return dnnl_invalid_arguments;
        dnnl_status_t status = regulus_layout_copy(&kernel->layouts[index], layout);
        if (status != dnnl_success) return status;
    }
    regulus_description scratchpad = dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0);
    kernel->scratchpad_bytes = scratchpad ? dnnl_memory_desc_get_size(scratchpad) : 0;
    dnnl_status_t status = dnnl_stream_create(&kernel->stream, engine, dnnl_stream_default_flags);
    if (status != dnnl_success) return status;
    return dnnl_primitive_create(&kernel->primitive, description);
}

// The arguments of one run at a time: oneDNN's memory objects, which are given the pointers of each run.
typedef struct {
    dnnl_exec_arg_t arguments[regulus_max_arguments + 1];
    int count;
} regulus_call;

static inline void regulus_call_destroy(regulus_call *call) {
    for (int index = 0; index < call->count; ++index) dnnl_memory_destroy(call->arguments[index].memory);
    call->count = 0;
}

// Makes the memory objects of a kernel's arguments, and last of its scratchpad.
static inline dnnl_status_t regulus_call_make(regulus_call *call, const regulus_kernel *kernel) {
    dnnl_status_t status = dnnl_success;
    call->count = 0;
    for (int index = 0; index < kernel->argument_count && status == dnnl_success; ++index) {
        call->arguments[index].arg = kernel->arguments[index];
        status = dnnl_memory_create(&call->arguments[index].memory, REGULUS_DESCRIPTION(&kernel->layouts[index]), kernel->engine,
                                    DNNL_MEMORY_NONE);
        if (status == dnnl_success) ++call->count;
    }
    if (status == dnnl_success && kernel->scratchpad_bytes > 0) {
        call->arguments[call->count].arg = DNNL_ARG_SCRATCHPAD;
        status = dnnl_memory_create(&call->arguments[call->count].memory,
                                    dnnl_primitive_desc_query_md(kernel->description, dnnl_query_scratchpad_md, 0), kernel->engine,
                                    DNNL_MEMORY_NONE);
        if (status == dnnl_success) ++call->count;
    }
    if (status != dnnl_success) regulus_call_destroy(call);
    return status;
}

// Runs a kernel over plain pointers, one for each of its arguments in their order.
static inline dnnl_status_t regulus_kernel_run(const regulus_kernel *kernel, regulus_call *call, float *const *pointers, void *scratchpad) {
    for (int index = 0; index < call->count; ++index) {
        void *pointer = index < kernel->argument_count ? (void *)pointers[index] : scratchpad;
        dnnl_status_t status = dnnl_memory_set_data_handle(call->arguments[index].memory, pointer);
        if (status != dnnl_success) return status;
    }
    return dnnl_primitive_execute(kernel->primitive, kernel->stream, call->count, call->arguments);
}

// A copy from one layout to another.
static inline dnnl_status_t regulus_reorder(regulus_kernel *kernel, dnnl_engine_t engine, const regulus_layout *from, const regulus_layout *to) {
    dnnl_primitive_attr_t attributes;
    dnnl_status_t status = regulus_attributes(&attributes);
    if (status != dnnl_success) return status;
    dnnl_primitive_desc_t description;
    status = dnnl_reorder_primitive_desc_create(&description, REGULUS_DESCRIPTION(from), engine, REGULUS_DESCRIPTION(to), engine, attributes);
    dnnl_primitive_attr_destroy(attributes);
    if (status != dnnl_success) return status;
    const int arguments[] = {DNNL_ARG_FROM, DNNL_ARG_TO};
    return regulus_kernel_finish(kernel, engine, description, arguments, 2);
}

typedef enum { regulus_forward, regulus_backward_data, regulus_backward_weights } regulus_direction;

#if DNNL_VERSION_MAJOR == 2
// Describes a forward convolution. For a few input channels oneDNN 2.6 prefers a kernel that multiplies small matrices, one call for each row of outputs;
// the one that it has beside it takes half of the time for one channel and as long for six.
static inline dnnl_status_t regulus_describe_forward(dnnl_primitive_desc_t *description, const dnnl_convolution_desc_t *operation,
                                                     const_dnnl_primitive_attr_t attributes, dnnl_engine_t engine, long inputs) {
    enum { few = 4 };
    dnnl_primitive_desc_iterator_t kernels = NULL;
    if (inputs <= few && dnnl_primitive_desc_iterator_create(&kernels, operation, attributes, engine, NULL) == dnnl_success) {
        dnnl_status_t status = dnnl_success;
        for (; status == dnnl_success; status = dnnl_primitive_desc_iterator_next(kernels)) {
            const char *name = NULL;
            *description = dnnl_primitive_desc_iterator_fetch(kernels);
            if (*description && dnnl_primitive_desc_query(*description, dnnl_query_impl_info_str, 0, &name) == dnnl_success && name &&
                strcmp(name, "jit:avx512_core") == 0)
                break;
            dnnl_primitive_desc_destroy(*description);
            *description = NULL;
        }
        dnnl_primitive_desc_iterator_destroy(kernels);
        if (status == dnnl_success && *description) return status;
    }
    return dnnl_primitive_desc_create(description, operation, attributes, engine, NULL);
}
#endif

// A convolution in one of its three directions. Dilation follows PyTorch: 1 means dense.
// Arguments, in order: forward src, weights, dst [, bias]; backward data diff_dst, weights, diff_src;
// backward weights src, diff_dst, diff_weights [, diff_bias].
static inline dnnl_status_t regulus_convolution(regulus_kernel *kernel, dnnl_engine_t engine, regulus_direction direction,
                                                const regulus_layout *source, const regulus_layout *weights,
                                                const regulus_layout *bias, const regulus_layout *destination, int spatial,
                                                const long *stride, const long *padding, const long *dilation) {
    dnnl_dims_t steps, paddings, dilations;
    regulus_dimensions(steps, stride, spatial);
    regulus_dimensions(paddings, padding, spatial);
    for (int axis = 0; axis < spatial; ++axis) dilations[axis] = dilation[axis] - 1;
    dnnl_primitive_attr_t attributes;
    dnnl_status_t status = regulus_attributes(&attributes);
    if (status != dnnl_success) return status;
    dnnl_primitive_desc_t hint = NULL, description = NULL;
    const regulus_description read = REGULUS_DESCRIPTION(source), kernels = REGULUS_DESCRIPTION(weights), made = REGULUS_DESCRIPTION(destination);
    const regulus_description shift = bias ? REGULUS_DESCRIPTION(bias) : NULL;
#if DNNL_VERSION_MAJOR == 2
    dnnl_convolution_desc_t operation;
    status = dnnl_dilated_convolution_forward_desc_init(&operation, dnnl_forward_training, dnnl_convolution_direct, read, kernels, shift, made,
                                                        steps, dilations, paddings, paddings);
    if (status == dnnl_success) status = regulus_describe_forward(&hint, &operation, attributes, engine, source->description.dims[1]);
    if (status == dnnl_success && direction == regulus_backward_data) {
        status = dnnl_dilated_convolution_backward_data_desc_init(&operation, dnnl_convolution_direct, read, kernels, made, steps,
                                                                  dilations, paddings, paddings);
        if (status == dnnl_success) status = dnnl_primitive_desc_create(&description, &operation, attributes, engine, hint);
    } else if (status == dnnl_success && direction == regulus_backward_weights) {
        status = dnnl_dilated_convolution_backward_weights_desc_init(&operation, dnnl_convolution_direct, read, kernels, shift, made,
                                                                     steps, dilations, paddings, paddings);
        if (status == dnnl_success) status = dnnl_primitive_desc_create(&description, &operation, attributes, engine, hint);
    }
#else
    status = dnnl_convolution_forward_primitive_desc_create(&hint, engine, dnnl_forward_training, dnnl_convolution_direct, read, kernels, shift,
                                                            made, steps, dilations, paddings, paddings, attributes);
    if (status == dnnl_success && direction == regulus_backward_data)
        status = dnnl_convolution_backward_data_primitive_desc_create(&description, engine, dnnl_convolution_direct, read, kernels,
                                                                      made, steps, dilations, paddings, paddings, hint, attributes);
    else if (status == dnnl_success && direction == regulus_backward_weights)
        status = dnnl_convolution_backward_weights_primitive_desc_create(&description, engine, dnnl_convolution_direct, read, kernels,
                                                                         shift, made, steps, dilations, paddings, paddings, hint,
                                                                         attributes);
#endif
    dnnl_primitive_attr_destroy(attributes);
    if (status == dnnl_success && direction == regulus_forward) {
        description = hint;
        hint = NULL;
    }
    if (hint) dnnl_primitive_desc_destroy(hint);
    if (status != dnnl_success) return status;
    const int forward[] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_BIAS};
    const int backward_data[] = {DNNL_ARG_DIFF_DST, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_SRC};
    const int backward_weights[] = {DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_BIAS};
    const int *arguments = direction == regulus_forward ? forward : direction == regulus_backward_data ? backward_data : backward_weights;
    const int count = direction == regulus_backward_data ? 3 : bias ? 4 : 3;
    return regulus_kernel_finish(kernel, engine, description, arguments, count);
}

// Average pooling. Arguments, in order: forward src, dst; backward diff_dst, diff_src.
static inline dnnl_status_t regulus_pooling(regulus_kernel *kernel, dnnl_engine_t engine, int backward, int counting_padding,
                                            const regulus_layout *source, const regulus_layout *destination, int spatial, const long *window,
                                            const long *stride, const long *padding) {
    dnnl_dims_t sizes, steps, paddings, ends;
    regulus_dimensions(sizes, window, spatial);
    regulus_dimensions(steps, stride, spatial);
    regulus_dimensions(paddings, padding, spatial);
    regulus_dimensions(ends, padding, spatial);
    const dnnl_alg_kind_t algorithm = counting_padding ? dnnl_pooling_avg_include_padding : dnnl_pooling_avg_exclude_padding;
    dnnl_primitive_attr_t attributes;
    dnnl_status_t status = regulus_attributes(&attributes);
    if (status != dnnl_success) return status;
    dnnl_primitive_desc_t hint = NULL, description = NULL;
    const regulus_description read = REGULUS_DESCRIPTION(source), made = REGULUS_DESCRIPTION(destination);
#if DNNL_VERSION_MAJOR == 2
    dnnl_pooling_desc_t operation;
    status = dnnl_pooling_forward_desc_init(&operation, dnnl_forward_training, algorithm, read, made, steps, sizes, paddings, ends);
    if (status == dnnl_success) status = dnnl_primitive_desc_create(&hint, &operation, attributes, engine, NULL);
    if (status == dnnl_success && backward) {
        status = dnnl_pooling_backward_desc_init(&operation, algorithm, read, made, steps, sizes, paddings, ends);
        if (status == dnnl_success) status = dnnl_primitive_desc_create(&description, &operation, attributes, engine, hint);
    }
#else
    dnnl_dims_t dense = {0};
    status = dnnl_pooling_forward_primitive_desc_create(&hint, engine, dnnl_forward_training, algorithm, read, made, steps, sizes,
                                                        dense, paddings, ends, attributes);
    if (status == dnnl_success && backward)
        status = dnnl_pooling_backward_primitive_desc_create(&description, engine, algorithm, read, made, steps, sizes, dense,
                                                             paddings, ends, hint, attributes);
#endif
    dnnl_primitive_attr_destroy(attributes);
    if (status == dnnl_success && !backward) {
        description = hint;
        hint = NULL;
    }
    if (hint) dnnl_primitive_desc_destroy(hint);
    if (status != dnnl_success) return status;
    const int forward[] = {DNNL_ARG_SRC, DNNL_ARG_DST};
    const int reverse[] = {DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_SRC};
    return regulus_kernel_finish(kernel, engine, description, backward ? reverse : forward, 2);
}

#endif
