// Numbers: the types of weights and how they widen, and the twins of the CPU's formulas and sums (docs/numerics.md).
//
// Every function here does the operations of its twin in dev.weir.backend.cpu.Formulas or ScalarKernels, in the same order and in
// float32, so its bits are the CPU's. That needs a compiler that contracts nothing: --fmad=false for nvcc, -ffp-contract=off for g++.
// Where a multiplication and an addition are rounded once, fmaf says so.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstddef>
#include <cstdint>

using f32 = float;
using bf16 = __nv_bfloat16;
using f16 = __half;

constexpr int WARP = 32;
constexpr unsigned ALL_LANES = 0xffffffffu;

// ---- weights: exact widening, rounding to nearest even, 16 bytes at once ----------------------------------------------------------

__device__ __forceinline__ float widen(f32 x) { return x; }
__device__ __forceinline__ float widen(bf16 x) { return __bfloat162float(x); }
__device__ __forceinline__ float widen(f16 x) { return __half2float(x); }

template <class T> __device__ __forceinline__ T narrow(float x);
template <> __device__ __forceinline__ f32 narrow<f32>(float x) { return x; }
template <> __device__ __forceinline__ bf16 narrow<bf16>(float x) { return __float2bfloat16_rn(x); }
template <> __device__ __forceinline__ f16 narrow<f16>(float x) { return __float2half_rn(x); }

/// How many elements fill 16 bytes: the rows of a matrix or table are padded to a multiple of it.
template <class T> constexpr int PACK = 16 / static_cast<int>(sizeof(T));

template <class T> struct alignas(16) Pack {
    T of[PACK<T>];
};

/// PACK<T> elements of a row, in one load; `from` is aligned to 16 bytes.
template <class T> __device__ __forceinline__ Pack<T> loadPack(const T* from) {
    uint4 bits = __ldg(reinterpret_cast<const uint4*>(from));
    Pack<T> pack;
    memcpy(&pack, &bits, sizeof pack);
    return pack;
}

__device__ __forceinline__ bool aligned16(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer) % 16 == 0; }

// ---- a few neighbouring values of a row: 16 bytes where the columns allow it, else one -------------------------------------------

/// WIDTH is 4 (one access of 16 bytes, the address aligned to it) or 1.
template <int WIDTH> struct Group {
    float of[WIDTH];
};

template <int WIDTH> __device__ __forceinline__ Group<WIDTH> loadGroup(const float* from);
template <> __device__ __forceinline__ Group<1> loadGroup<1>(const float* from) { return {{*from}}; }
template <> __device__ __forceinline__ Group<4> loadGroup<4>(const float* from) {
    float4 v = *reinterpret_cast<const float4*>(from);
    return {{v.x, v.y, v.z, v.w}};
}

__device__ __forceinline__ void storeGroup(float* to, const Group<1>& group) { *to = group.of[0]; }
__device__ __forceinline__ void storeGroup(float* to, const Group<4>& group) {
    *reinterpret_cast<float4*>(to) = make_float4(group.of[0], group.of[1], group.of[2], group.of[3]);
}

/// Copies a row; the whole block takes part.
template <int WIDTH> __device__ __forceinline__ void copyGroups(float* to, const float* from, int columns) {
#pragma unroll 4
    for (int first = threadIdx.x * WIDTH; first < columns; first += blockDim.x * WIDTH) {
        storeGroup(to + first, loadGroup<WIDTH>(from + first));
    }
}

__device__ __forceinline__ void copyRow(float* to, const float* from, int columns) {
    if (columns % 4 == 0 && aligned16(to) && aligned16(from)) {
        copyGroups<4>(to, from, columns);
    } else {
        copyGroups<1>(to, from, columns);
    }
}

// ---- sums of a row ----------------------------------------------------------------------------------------------------------------

/// The partial sums of a row: lane i takes the elements i, i + 16, i + 32, ...
constexpr int LANES = 16;

/// The sum of sixteen partial sums as ScalarKernels.sumOfLanes has it: + 8, + 4, + 2, + 1. Called by a whole warp, whose upper half
/// repeats the lower; every thread gets the sum.
__device__ __forceinline__ float sumOfLanes(float lane) {
#pragma unroll
    for (int distance = LANES / 2; distance > 0; distance /= 2) {
        lane += __shfl_xor_sync(ALL_LANES, lane, distance);
    }
    return lane;
}

/// A sum over a row of `count` elements in the order of docs/numerics.md. Called by a whole warp; every thread gets the sum.
/// onward(sum, i) is the partial sum after element i.
template <class Onward> __device__ __forceinline__ float sumOverRow(int count, Onward onward) {
    float lane = 0;
#pragma unroll 8
    for (int i = threadIdx.x % LANES; i < count; i += LANES) {
        lane = onward(lane, i);
    }
    return sumOfLanes(lane);
}

/// The largest value of a warp, for every thread; it has no order. NaN only if all are.
__device__ __forceinline__ float warpMax(float value) {
#pragma unroll
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
        value = fmaxf(value, __shfl_xor_sync(ALL_LANES, value, distance));
    }
    return value;
}

// ---- dev.weir.backend.cpu.Formulas ------------------------------------------------------------------------------------------------

namespace formulas {

/// Adding and subtracting it rounds to an integer, which is then in the low bits: 1.5 x 2^23.
constexpr float ROUNDER = 12582912.0f;
constexpr float EXP_MIN = -104.0f;
constexpr float EXP_MAX = 89.0f;
constexpr float LOG2_E = 1.442695f;
constexpr float LN2_HIGH = 0.6931472f;
constexpr float LN2_LOW = -1.9046542e-9f;
constexpr float EXP_0 = 0.49999994f;
constexpr float EXP_1 = 0.16666521f;
constexpr float EXP_2 = 0.04166839f;
constexpr float EXP_3 = 0.008368717f;
constexpr float EXP_4 = 0.0013814607f;
constexpr float GELU_NEW_1 = -1.5957692f;
constexpr float GELU_NEW_3 = -0.071354814f;
constexpr float TAIL_END = 16.0f;
constexpr float TAIL_T = 0.34375f;
constexpr float TAIL_0 = 0.13712278f;
constexpr float TAIL_1 = 0.13748263f;
constexpr float TAIL_2 = 0.11721365f;
constexpr float TAIL_3 = 0.11062333f;
constexpr float TAIL_4 = -0.034104247f;
constexpr float TAIL_5 = 0.18278994f;
constexpr float TAIL_6 = -0.26410192f;
constexpr float TAIL_7 = 0.13993183f;
constexpr float TAIL_8 = -0.026957963f;

__device__ __forceinline__ float powerOfTwo(int n) { return __uint_as_float((static_cast<uint32_t>(n) + 127u) << 23); }

/// e^x within 1.5 units in the last place: Cody and Waite's argument reduction, a polynomial, 2^n in two halves.
__device__ __forceinline__ float exp(float x) {
    float clamped = x < EXP_MIN ? EXP_MIN : x;
    clamped = clamped > EXP_MAX ? EXP_MAX : clamped;
    float rounded = fmaf(clamped, LOG2_E, ROUNDER);
    float n = rounded - ROUNDER;
    float r = fmaf(n, -LN2_HIGH, clamped);
    r = fmaf(n, -LN2_LOW, r);

    float p = fmaf(EXP_4, r, EXP_3);
    p = fmaf(p, r, EXP_2);
    p = fmaf(p, r, EXP_1);
    p = fmaf(p, r, EXP_0);
    p = fmaf(p, r * r, r) + 1.0f;

    int power = static_cast<int>(__float_as_uint(rounded) - __float_as_uint(ROUNDER));
    int half = power >> 1;
    return p * powerOfTwo(half) * powerOfTwo(power - half);
}

/// 0.5 x (1 + tanh(u)) = x / (1 + exp(-2 u)) with u = sqrt(2 / pi) (x + 0.044715 x^3).
__device__ __forceinline__ float geluNew(float x) {
    float minus2u = fmaf(x * x, GELU_NEW_3, GELU_NEW_1) * x;
    return x / (1.0f + exp(minus2u));
}

/// Phi(-a) for a >= 0, after Abramowitz and Stegun 7.1.26.
__device__ __forceinline__ float normalTail(float a) {
    float clamped = a > TAIL_END ? TAIL_END : a;
    float square = clamped * clamped;
    float lost = fmaf(clamped, clamped, -square);
    float power = exp(-0.5f * square);
    power = fmaf(power, -0.5f * lost, power);

    float t = 1.0f / fmaf(TAIL_T, clamped, 1.0f);
    float p = fmaf(TAIL_8, t, TAIL_7);
    p = fmaf(p, t, TAIL_6);
    p = fmaf(p, t, TAIL_5);
    p = fmaf(p, t, TAIL_4);
    p = fmaf(p, t, TAIL_3);
    p = fmaf(p, t, TAIL_2);
    p = fmaf(p, t, TAIL_1);
    p = fmaf(p, t, TAIL_0);
    return power * (p * t);
}

/// x Phi(x).
__device__ __forceinline__ float gelu(float x) {
    float tail = normalTail(fabsf(x));
    return x * (x < 0.0f ? tail : 1.0f - tail);
}

/// max(x, 0); NaN stays NaN.
__device__ __forceinline__ float relu(float x) { return x <= 0.0f ? 0.0f : x; }

}  // namespace formulas

/// The ordinals of dev.weir.program.Activation; NONE leaves a value as it is.
enum Function { NONE = -1, GELU_NEW = 0, GELU = 1, RELU = 2 };

__device__ __forceinline__ float activated(int function, float x) {
    switch (function) {
        case GELU_NEW:
            return formulas::geluNew(x);
        case GELU:
            return formulas::gelu(x);
        case RELU:
            return formulas::relu(x);
        default:
            return x;
    }
}
