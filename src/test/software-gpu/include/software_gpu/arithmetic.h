// CUDA's arithmetic built-ins. Those that a GPU only approximates (__expf and its kin) are the exact functions here.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

#include "thread.h"

template <class To, class From> inline To software_gpu_bits(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  memcpy(&to, &from, sizeof to);
  return to;
}

inline int __float_as_int(float x) { return software_gpu_bits<int>(x); }
inline unsigned __float_as_uint(float x) { return software_gpu_bits<unsigned>(x); }
inline float __int_as_float(int x) { return software_gpu_bits<float>(x); }
inline float __uint_as_float(unsigned x) { return software_gpu_bits<float>(x); }
inline long long __double_as_longlong(double x) { return software_gpu_bits<long long>(x); }
inline double __longlong_as_double(long long x) { return software_gpu_bits<double>(x); }

inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
inline float __fsqrt_rn(float x) { return sqrtf(x); }
inline float __frcp_rn(float x) { return 1.0f / x; }
inline float __fdividef(float a, float b) { return a / b; }
inline float __expf(float x) { return expf(x); }
inline float __logf(float x) { return logf(x); }
inline float __saturatef(float x) { return x > 1.0f ? 1.0f : x > 0.0f ? x : 0.0f; }
inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __clz(int x) { return x ? __builtin_clz((unsigned)x) : 32; }
inline int __clzll(long long x) { return x ? __builtin_clzll((unsigned long long)x) : 64; }
inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)((uint64_t)a * b >> 32); }
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return (unsigned long long)((unsigned __int128)a * b >> 64);
}

// A GPU's conversions saturate and turn NaN into 0, where C++ says nothing.
template <class Integer, class Real> inline Integer software_gpu_saturated(Real x) {
  constexpr bool is_signed = Integer(-1) < Integer(0);
  constexpr int bits = sizeof(Integer) * 8 - is_signed;
  const Real limit = std::ldexp(Real(1), bits);
  if (x != x) return 0;
  if (x >= limit) return (Integer)(~(uint64_t)0 >> (64 - bits));
  if (x < (is_signed ? -limit : Real(0))) return is_signed ? (Integer)((uint64_t)1 << bits) : Integer(0);
  return (Integer)x;
}
inline int __float2int_rz(float x) { return software_gpu_saturated<int>(x); }
inline int __float2int_rn(float x) { return software_gpu_saturated<int>(nearbyintf(x)); }
inline int __float2int_rd(float x) { return software_gpu_saturated<int>(floorf(x)); }
inline unsigned __float2uint_rz(float x) { return software_gpu_saturated<unsigned>(x); }
inline unsigned __float2uint_rn(float x) { return software_gpu_saturated<unsigned>(nearbyintf(x)); }
inline unsigned long long __float2ull_rz(float x) { return software_gpu_saturated<unsigned long long>(x); }
inline unsigned long long __double2ull_rz(double x) { return software_gpu_saturated<unsigned long long>(x); }
inline long long __double2ll_rz(double x) { return software_gpu_saturated<long long>(x); }
inline float __int2float_rn(int x) { return (float)x; }
inline float __uint2float_rn(unsigned x) { return (float)x; }
inline double __ull2double_rn(unsigned long long x) { return (double)x; }

template <class Type> inline Type __ldg(const Type* from) {
  software_gpu::note_read_only(from, sizeof(Type));
  return *from;
}
template <class Type> inline Type __ldcs(const Type* from) { return *from; }
template <class Type> inline Type __ldcg(const Type* from) { return *from; }
template <class Type> inline void __stcs(Type* to, Type value) { *to = value; }

template <class Type> inline Type min(Type a, Type b) { return b < a ? b : a; }
template <class Type> inline Type max(Type a, Type b) { return a < b ? b : a; }
inline float min(float a, float b) { return fminf(a, b); }
inline float max(float a, float b) { return fmaxf(a, b); }
