// What g++ calls from the checks that -fsanitize=bounds,alignment,integer-divide-by-zero puts into kernels: an index outside of
// an array of known size, an address that its type does not allow, a division by zero. The arguments are g++'s own layout.
#include <string>

#include "block.h"
#include "software_gpu/thread.h"

#define CHECK extern "C" __attribute__((visibility("default"), noreturn)) void

namespace {

struct Location {
  const char* file;
  uint32_t line, column;
};

struct Type {
  uint16_t kind, information;
  char name[1];  // goes on: 'float [32]'
};

struct OutOfBounds {
  Location location;
  const Type* array;
  const Type* index;
};

struct Mismatch {
  Location location;
  const Type* type;
  unsigned char log_alignment, kind;
};

[[noreturn]] void fail(software_gpu::Fault fault, Location location, const std::string& message) {
  software_gpu::fault(fault, {location.file, (int)location.line}, message.c_str());
}

}  // namespace

CHECK __ubsan_handle_out_of_bounds_abort(const OutOfBounds* what, intptr_t index) {
  fail(software_gpu::Fault::memory, what->location, "index " + std::to_string(index) + " is outside of an array of type " + what->array->name);
}

CHECK __ubsan_handle_type_mismatch_v1_abort(const Mismatch* what, uintptr_t address) {
  unsigned alignment = 1u << what->log_alignment;
  fail(software_gpu::Fault::misaligned, what->location,
       "an address " + std::to_string(address % alignment) + " bytes off the alignment of " + std::to_string(alignment) + " that type " + what->type->name + " needs");
}

CHECK __ubsan_handle_divrem_overflow_abort(const Mismatch* what, uintptr_t, uintptr_t) {
  fail(software_gpu::Fault::assertion, what->location, "integer division by zero");
}
