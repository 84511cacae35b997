// The operations among the lanes of a warp: shuffles, votes, reductions.
#pragma once
#include <cstring>

#include "thread.h"

namespace software_gpu {

template <class Type> struct Shuffle {
  Type value, result;
  int source;
};

// The value of a lane outside of the mask is undefined: here it is poison.
template <class Type> void shuffle_lanes(void* const* arguments, unsigned mask) {
  for (unsigned left = mask; left; left &= left - 1) {
    auto& lane = *(Shuffle<Type>*)arguments[__builtin_ctz(left)];
    if (mask >> lane.source & 1) lane.result = ((Shuffle<Type>*)arguments[lane.source])->value;
    else memset((void*)&lane.result, 0xFF, sizeof(Type));
  }
}

template <class Type> inline Type shuffle(unsigned mask, Type value, int source, Place place) {
  Shuffle<Type> lane{value, value, source};
  exchange(mask, &lane, shuffle_lanes<Type>, place);
  return lane.result;
}

template <class Value> struct Reduction {
  Value value, result;
};

template <class Value, class Combine> void reduce_lanes(void* const* arguments, unsigned mask) {
  Value result = ((Reduction<Value>*)arguments[__builtin_ctz(mask)])->value;
  for (unsigned left = mask & (mask - 1); left; left &= left - 1)
    result = Combine()(result, ((Reduction<Value>*)arguments[__builtin_ctz(left)])->value);
  for (unsigned left = mask; left; left &= left - 1)
    ((Reduction<Value>*)arguments[__builtin_ctz(left)])->result = result;
}

template <class Combine, class Value> inline Value reduce(unsigned mask, Value value, Place place) {
  Reduction<Value> lane{value, value};
  exchange(mask, &lane, reduce_lanes<Value, Combine>, place);
  return lane.result;
}

template <class Value> struct Sum { Value operator()(Value a, Value b) const { return a + b; } };
template <class Value> struct Largest { Value operator()(Value a, Value b) const { return a > b ? a : b; } };
template <class Value> struct Smallest { Value operator()(Value a, Value b) const { return a < b ? a : b; } };
struct Both { unsigned operator()(unsigned a, unsigned b) const { return a & b; } };
struct Either { unsigned operator()(unsigned a, unsigned b) const { return a | b; } };
struct Differing { unsigned operator()(unsigned a, unsigned b) const { return a ^ b; } };

}  // namespace software_gpu

inline void __syncwarp(unsigned mask = ~0u, SOFTWARE_GPU_PLACE) { software_gpu::exchange(mask, nullptr, nullptr, place); }
inline unsigned __activemask() { return software_gpu::living_lanes(); }

template <class Type> inline Type __shfl_sync(unsigned mask, Type value, int source, int width = 32, SOFTWARE_GPU_PLACE) {
  int lane = software_gpu::thread().lane;
  return software_gpu::shuffle(mask, value, (lane & ~(width - 1)) | (source & (width - 1)), place);
}
template <class Type> inline Type __shfl_xor_sync(unsigned mask, Type value, int bits, int width = 32, SOFTWARE_GPU_PLACE) {
  int lane = software_gpu::thread().lane, source = lane ^ bits;
  return software_gpu::shuffle(mask, value, source > (lane | (width - 1)) ? lane : source, place);
}
template <class Type> inline Type __shfl_down_sync(unsigned mask, Type value, unsigned by, int width = 32, SOFTWARE_GPU_PLACE) {
  int lane = software_gpu::thread().lane, source = lane + (int)by;
  return software_gpu::shuffle(mask, value, source > (lane | (width - 1)) ? lane : source, place);
}
template <class Type> inline Type __shfl_up_sync(unsigned mask, Type value, unsigned by, int width = 32, SOFTWARE_GPU_PLACE) {
  int lane = software_gpu::thread().lane, source = lane - (int)by;
  return software_gpu::shuffle(mask, value, source < (lane & ~(width - 1)) ? lane : source, place);
}

inline unsigned __ballot_sync(unsigned mask, int vote, SOFTWARE_GPU_PLACE) {
  return software_gpu::reduce<software_gpu::Either>(mask, vote ? 1u << software_gpu::thread().lane : 0u, place);
}
inline int __any_sync(unsigned mask, int vote, SOFTWARE_GPU_PLACE) { return __ballot_sync(mask, vote, place) != 0; }
inline int __all_sync(unsigned mask, int vote, SOFTWARE_GPU_PLACE) { return __ballot_sync(mask, !vote, place) == 0; }

inline int __reduce_add_sync(unsigned mask, int value, SOFTWARE_GPU_PLACE) { return (int)software_gpu::reduce<software_gpu::Sum<unsigned>>(mask, (unsigned)value, place); }
inline unsigned __reduce_add_sync(unsigned mask, unsigned value, SOFTWARE_GPU_PLACE) { return software_gpu::reduce<software_gpu::Sum<unsigned>>(mask, value, place); }
inline int __reduce_max_sync(unsigned mask, int value, SOFTWARE_GPU_PLACE) { return software_gpu::reduce<software_gpu::Largest<int>>(mask, value, place); }
inline unsigned __reduce_max_sync(unsigned mask, unsigned value, SOFTWARE_GPU_PLACE) { return software_gpu::reduce<software_gpu::Largest<unsigned>>(mask, value, place); }
inline int __reduce_min_sync(unsigned mask, int value, SOFTWARE_GPU_PLACE) { return software_gpu::reduce<software_gpu::Smallest<int>>(mask, value, place); }
inline unsigned __reduce_min_sync(unsigned mask, unsigned value, SOFTWARE_GPU_PLACE) { return software_gpu::reduce<software_gpu::Smallest<unsigned>>(mask, value, place); }
inline unsigned __reduce_and_sync(unsigned mask, unsigned value, SOFTWARE_GPU_PLACE) { return software_gpu::reduce<software_gpu::Both>(mask, value, place); }
inline unsigned __reduce_or_sync(unsigned mask, unsigned value, SOFTWARE_GPU_PLACE) { return software_gpu::reduce<software_gpu::Either>(mask, value, place); }
inline unsigned __reduce_xor_sync(unsigned mask, unsigned value, SOFTWARE_GPU_PLACE) { return software_gpu::reduce<software_gpu::Differing>(mask, value, place); }
