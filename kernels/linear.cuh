// What the linear kernels share: their parameters, which of up to three matrices a block multiplies with, and what becomes of a sum.
//
//     pre = x W + bias                                  (pre may be null; then nobody wants to see it)
//     out = function(pre)                               (function NONE: out = pre)
//
// x [rows, depth] float32 without padding; W [depth, columns] stored out-major: weight[n * stride + k], the rows padded with zeros to a
// multiple of 16 bytes; bias [columns] or null; out and pre [rows, columns]. Up to three products of one x (q, k, v): the grid's z says which.
#pragma once

#include "place.cuh"

#define LINEAR_PARAMETERS(T)                                                                                                       \
    float *out0, float *out1, float *out2, float *pre, const float *x, const T *w0, const T *w1, const T *w2, const float *bias0, \
        const float *bias1, const float *bias2, int rows, int depth, int stride, int columns, int function
#define LINEAR(T) \
    Linear<T> { {out0, out1, out2}, pre, x, {w0, w1, w2}, {bias0, bias1, bias2}, rows, depth, stride, columns, function }

/// One of the products.
template <class T> struct LinearProduct {
    float* out;
    float* pre;
    const float* x;
    const T* weight;
    const float* bias;
    int rows, depth, stride, columns, function;

    /// What becomes of the finished sum of an output.
    __device__ __forceinline__ void finish(int row, int column, float sum) const {
        if (bias != nullptr) {
            sum += __ldg(bias + column);
        }
        size_t at = static_cast<size_t>(row) * columns + column;
        if (pre != nullptr) {
            pre[at] = sum;
        }
        out[at] = activated(function, sum);
    }
};

/// The parameters of a linear kernel, in their order.
template <class T> struct Linear {
    float* out[3];
    float* pre;
    const float* x;
    const T* weight[3];
    const float* bias[3];
    int rows, depth, stride, columns, function;

    /// The product of a part of the grid. Nothing is indexed, so that nothing needs an address.
    __device__ __forceinline__ LinearProduct<T> product(int part) const {
        return {part == 0 ? out[0] : part == 1 ? out[1] : out[2],
                pre,
                x,
                part == 0 ? weight[0] : part == 1 ? weight[1] : weight[2],
                part == 0 ? bias[0] : part == 1 ? bias[1] : bias[2],
                rows,
                depth,
                stride,
                columns,
                function};
    }
};

/// Whether every row of a float32 matrix without padding begins at a multiple of 16 bytes.
__device__ __forceinline__ bool rowsAligned16(const float* matrix, int columns) { return columns % 4 == 0 && aligned16(matrix); }
