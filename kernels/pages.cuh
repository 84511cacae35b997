// Where the positions of a slot lie in a cache. A page is 2^shift neighbouring rows, at least SMALLEST_PAGE of them, or, with a shift of 31, as many
// as a slot has positions: then there is one page a slot, and nothing else is different.
#pragma once

#include "numbers.cuh"

/// A stretch of so many positions that begins at a multiple of it lies in one page: dev.weir.program.Pages.SMALLEST.
constexpr int SMALLEST_PAGE = 32;

/// The pages of one slot.
struct Pages {
    const int* rows;  // the row of the cache at which each begins
    int shift;

    /// @param pages [slots, pages of a slot]
    __device__ __forceinline__ Pages(const int* pages, int slot, int context, int shift)
        : rows(pages + static_cast<size_t>(slot) * ((static_cast<unsigned>(context) + inPage(shift)) >> shift)), shift(shift) {}

    /// The row of a position.
    __device__ __forceinline__ size_t row(int position) const {
        return static_cast<size_t>(rows[position >> shift]) + (position & inPage(shift));
    }

    /// The last position of the page of a position.
    __device__ __forceinline__ int last(int position) const { return position | inPage(shift); }

  private:
    static __device__ __forceinline__ unsigned inPage(int shift) { return (1u << shift) - 1; }
};
