// Runs every oneDNN kernel of Sources/System/COneDNN on small inputs and prints what comes out, so that releases of oneDNN can be compared.
#include "fused.h"
#include "kernel.h"
#include "products.h"

#include <math.h>
#include <stdio.h>

static int check(dnnl_status_t status, const char *what) {
    if (status != dnnl_success) {
        fprintf(stderr, "%s: status %d\n", what, (int)status);
        exit(1);
    }
    return 0;
}

// Strides that put the channels last, as Regulus's tensors have them, of batch, channels and two axes of space.
static void channels_last(regulus_layout *layout, const long *sizes) {
    long strides[] = {sizes[1] * sizes[2] * sizes[3], 1, sizes[3] * sizes[1], sizes[1]};
    check(regulus_layout_make(layout, 4, sizes, strides), "layout");
}

static void row_major(regulus_layout *layout, int rank, const long *sizes) {
    long strides[regulus_max_rank], step = 1;
    for (int axis = rank - 1; axis >= 0; axis--) {
        strides[axis] = step;
        step *= sizes[axis];
    }
    check(regulus_layout_make(layout, rank, sizes, strides), "layout");
}

static float *numbers(size_t count, double seed) {
    float *values = malloc(sizeof(float) * count);
    for (size_t place = 0; place < count; place++) values[place] = (float)sin(seed + 0.7 * (double)place);
    return values;
}

static void print(const char *name, const float *values, size_t count) {
    for (size_t place = 0; place < count; place++) printf("%s %zu %.6f\n", name, place, values[place]);
}

static void run(regulus_kernel *kernel, float *const *arguments, const char *what) {
    regulus_call call;
    check(regulus_call_make(&call, kernel), what);
    void *scratchpad = kernel->scratchpad_bytes ? aligned_alloc(64, (kernel->scratchpad_bytes + 63) / 64 * 64) : NULL;
    check(regulus_kernel_run(kernel, &call, arguments, scratchpad), what);
    regulus_call_destroy(&call);
    free(scratchpad);
}

// Exchanges an argument's values between the row-major layout and the kernel's own.
static float *exchanged(dnnl_engine_t engine, const regulus_layout *from, const regulus_layout *to, float *values) {
    regulus_kernel reorder;
    check(regulus_reorder(&reorder, engine, from, to), "reorder");
    size_t bytes = regulus_layout_bytes(to);
    float *result = aligned_alloc(64, (bytes + 63) / 64 * 64);
    float *arguments[] = {values, result};
    run(&reorder, arguments, "reorder");
    return result;
}

int main(void) {
    dnnl_engine_t engine;
    check(regulus_engine(&engine), "engine");
    const long input[] = {2, 3, 6, 5}, weight[] = {4, 3, 3, 3}, output[] = {2, 4, 6, 5}, four[] = {4};
    const long one[] = {1, 1}, two[] = {2, 2}, none[] = {0, 0}, pooled[] = {2, 3, 3, 2};
    regulus_layout source, weights, plain, bias, destination, smaller;
    channels_last(&source, input);
    channels_last(&destination, output);
    channels_last(&smaller, pooled);
    check(regulus_layout_make(&weights, 4, weight, NULL), "layout");
    row_major(&plain, 4, weight);
    row_major(&bias, 1, four);
    float *x = numbers(180, 1), *w = numbers(108, 2), *b = numbers(4, 3), *dy = numbers(240, 4), *y = numbers(240, 5), *dx = numbers(180, 6);

    regulus_kernel kernel;
    check(regulus_convolution(&kernel, engine, regulus_forward, &source, &weights, &bias, &destination, 2, one, one, one), "convolution");
    float *forward[] = {x, exchanged(engine, &plain, regulus_kernel_layout(&kernel, 1), w), y, b};
    run(&kernel, forward, "convolution");
    print("convolution", y, 240);

    check(regulus_convolution(&kernel, engine, regulus_backward_data, &source, &weights, NULL, &destination, 2, one, one, one), "data");
    float *data[] = {dy, exchanged(engine, &plain, regulus_kernel_layout(&kernel, 1), w), dx};
    run(&kernel, data, "data");
    print("data", dx, 180);

    check(regulus_convolution(&kernel, engine, regulus_backward_weights, &source, &weights, &bias, &destination, 2, one, one, one), "weights");
    float *dw = aligned_alloc(64, (regulus_layout_bytes(regulus_kernel_layout(&kernel, 2)) + 63) / 64 * 64), db[4];
    float *gradient[] = {x, dy, dw, db};
    run(&kernel, gradient, "weights");
    print("weights", exchanged(engine, regulus_kernel_layout(&kernel, 2), &plain, dw), 108);
    print("bias", db, 4);

    check(regulus_fused_convolution(&kernel, engine, &source, &weights, &bias, &destination, 2, one, one, one, 1, 1), "fused");
    float *fused[] = {x, exchanged(engine, &plain, regulus_kernel_layout(&kernel, 1), w), y, b};
    run(&kernel, fused, "fused");
    print("fused", y, 240);

    for (int counting = 0; counting < 2; counting++) {
        check(regulus_pooling(&kernel, engine, 0, counting, &source, &smaller, 2, two, two, none), "pooling");
        float z[36] = {0};
        float *pooling[] = {x, z};
        run(&kernel, pooling, "pooling");
        print("pooling", z, 36);
    }

    const long left[] = {2, 3, 4}, right[] = {1, 4, 5}, product[] = {2, 3, 5};
    regulus_layout a, c, d;
    row_major(&a, 3, left);
    row_major(&c, 3, right);
    row_major(&d, 3, product);
    check(regulus_products(&kernel, engine, &a, &c, &d), "products");
    float p[30], *products[] = {x, w, p};
    run(&kernel, products, "products");
    print("products", p, 30);
    fprintf(stderr, "oneDNN %d.%d\n", dnnl_version()->major, dnnl_version()->minor);
    return 0;
}
