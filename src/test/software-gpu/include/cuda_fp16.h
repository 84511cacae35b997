// Half precision: as much of CUDA's header as kernels need.
#pragma once
#include "software_gpu/vector_types.h"

// The instructions of F16C by their names in the compiler: its header of all intrinsics takes longer to read than most kernels.
namespace software_gpu {
using FourFloats = float __attribute__((vector_size(16)));
using EightHalves = short __attribute__((vector_size(16)));
inline unsigned short half_bits(float x) { return __builtin_ia32_vcvtps2ph(FourFloats{x}, 0)[0]; } // 0: to nearest, ties to even
inline float half_value(unsigned short bits) { return __builtin_ia32_vcvtph2ps(EightHalves{short(bits)})[0]; }
} // namespace software_gpu

struct __half {
  unsigned short bits;
  __half() = default;
  __half(float x) : bits(software_gpu::half_bits(x)) {}
  operator float() const { return software_gpu::half_value(bits); }
};
struct alignas(4) __half2 {
  __half x, y;
};
using half = __half;
using half2 = __half2;

inline float __half2float(__half x) { return x; }
inline __half __float2half(float x) { return x; }
inline __half __float2half_rn(float x) { return x; }
inline __half2 __halves2half2(__half x, __half y) { return {x, y}; }
inline __half2 __floats2half2_rn(float x, float y) { return {x, y}; }
inline __half2 __float22half2_rn(float2 x) { return {x.x, x.y}; }
inline float2 __half22float2(__half2 x) { return {x.x, x.y}; }
inline float __low2float(__half2 x) { return x.x; }
inline float __high2float(__half2 x) { return x.y; }
inline unsigned short __half_as_ushort(__half x) { return x.bits; }
inline __half __ushort_as_half(unsigned short bits) {
  __half x;
  x.bits = bits;
  return x;
}
