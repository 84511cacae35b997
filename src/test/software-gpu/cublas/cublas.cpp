// libcublas on the CPU: the calls that the project makes, in order with the stream (also in a capture) through cuLaunchHostFunc.
// Matrices are column-major, as cuBLAS has them. Whatever else JCublas may ask for is missing.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#define API extern "C" __attribute__((visibility("default"))) Status

extern "C" {
int cuLaunchHostFunc(void* stream, void (*function)(void*), void* data);
int cuMemGetAddressRange_v2(uint64_t* start, size_t* bytes, uint64_t address);
}

#ifndef CUBLAS_VERSION
#define CUBLAS_VERSION 120600
#endif

namespace {

// The numbers of cublasStatus_t, cudaDataType, cublasComputeType_t and cublasMath_t.
enum Status : int { SUCCESS = 0, NOT_INITIALIZED = 1, INVALID_VALUE = 7, EXECUTION_FAILED = 13, NOT_SUPPORTED = 15 };
enum Type : int { F32 = 0, F16 = 2, BF16 = 14 };
enum Compute : int { COMPUTE_32F = 68, COMPUTE_32F_PEDANTIC = 69, COMPUTE_32F_FAST_TF32 = 77 };
constexpr int tf32_math = 3;

struct Handle {
  void* stream = nullptr;
  int math = 0;
};

size_t bytes_of(Type type) { return type == F32 ? 4 : type == F16 || type == BF16 ? 2 : 0; }

template <class To, class From> To bits_of(From from) {
  To to;
  memcpy(&to, &from, sizeof to);
  return to;
}

float element(const void* matrix, Type type, size_t index) {
  if (type == F32) return ((const float*)matrix)[index];
  uint16_t bits = ((const uint16_t*)matrix)[index];
  return type == BF16 ? bits_of<float>((uint32_t)bits << 16) : (float)bits_of<_Float16>(bits);
}

void set_element(void* matrix, Type type, size_t index, float value) {
  if (type == F32) ((float*)matrix)[index] = value;
  else if (type == F16) ((uint16_t*)matrix)[index] = bits_of<uint16_t>((_Float16)value);
  else ((uint16_t*)matrix)[index] = value != value ? 0x7fff : (bits_of<uint32_t>(value) + 0x7fff + (bits_of<uint32_t>(value) >> 16 & 1)) >> 16;
}

// To the 10 bits of mantissa that tensor cores keep of a float in TF32.
float to_tf32(float value) {
  uint32_t bits = bits_of<uint32_t>(value);
  return value != value ? value : bits_of<float>((bits + 0xfff + (bits >> 13 & 1)) & ~0x1fffu);
}

struct Matrix {
  const void* elements;
  Type type;
  int rows, columns, leading;  // as it lies in memory

  size_t bytes() const { return rows && columns ? ((size_t)leading * (columns - 1) + rows) * bytes_of(type) : 0; }
};

struct Product {
  Matrix a, b, c;
  bool transpose_a, transpose_b, tf32;
  int rows, columns, depth;
  float alpha, beta;
};

// op(matrix) in float32, `depth` values of each row or column together.
std::vector<float> packed(const Matrix& matrix, bool depth_is_contiguous, int count, int depth, bool tf32) {
  std::vector<float> values((size_t)count * depth);
  for (int i = 0; i < count; i++)
    for (int k = 0; k < depth; k++) {
      size_t index = depth_is_contiguous ? (size_t)i * matrix.leading + k : (size_t)k * matrix.leading + i;
      float value = element(matrix.elements, matrix.type, index);
      values[(size_t)i * depth + k] = tf32 ? to_tf32(value) : value;
    }
  return values;
}

// Eight partial sums: not the order of our own kernels, as cuBLAS's is not.
float dot(const float* a, const float* b, int depth) {
  float sums[8] = {};
  int k = 0;
  for (; k + 8 <= depth; k += 8)
    for (int lane = 0; lane < 8; lane++) sums[lane] += a[k + lane] * b[k + lane];
  for (; k < depth; k++) sums[0] += a[k] * b[k];
  float sum = 0;
  for (float part : sums) sum += part;
  return sum;
}

// A graph runs this any number of times, so the product stays.
void multiply(void* data) {
  auto* product = (const Product*)data;
  std::vector<float> a = packed(product->a, product->transpose_a, product->rows, product->depth, product->tf32);
  std::vector<float> b = packed(product->b, !product->transpose_b, product->columns, product->depth, product->tf32);
  const Matrix& c = product->c;
  for (int column = 0; column < product->columns; column++)
    for (int row = 0; row < product->rows; row++) {
      size_t at = (size_t)column * c.leading + row;
      float value = product->alpha * dot(&a[(size_t)row * product->depth], &b[(size_t)column * product->depth], product->depth);
      if (product->beta != 0) value += product->beta * element(c.elements, c.type, at);
      set_element((void*)c.elements, c.type, at, value);
    }
}

bool is_in_device_memory(const Matrix& matrix) {
  uint64_t start;
  size_t bytes;
  if (cuMemGetAddressRange_v2(&start, &bytes, (uint64_t)matrix.elements)) return false;
  return (uint64_t)matrix.elements + matrix.bytes() <= start + bytes;
}

Matrix operand(const void* elements, Type type, int leading, bool transposed, int rows, int columns) {
  return transposed ? Matrix{elements, type, columns, rows, leading} : Matrix{elements, type, rows, columns, leading};
}

bool is_valid(const Matrix& matrix) { return matrix.rows >= 0 && matrix.columns >= 0 && matrix.leading >= 1 && matrix.leading >= matrix.rows; }

Status issue(Handle* handle, const Product& product) {
  if (!handle) return NOT_INITIALIZED;
  for (const Matrix* matrix : {&product.a, &product.b, &product.c}) {
    if (!bytes_of(matrix->type)) return NOT_SUPPORTED;
    if (!is_valid(*matrix) || !is_in_device_memory(*matrix)) return INVALID_VALUE;
  }
  return cuLaunchHostFunc(handle->stream, multiply, new Product(product)) ? EXECUTION_FAILED : SUCCESS;
}

Status multiply(Handle* handle, int transpose_a, int transpose_b, int rows, int columns, int depth, const void* alpha, const void* a, Type a_type,
                int a_leading, const void* b, Type b_type, int b_leading, const void* beta, void* c, Type c_type, int c_leading, bool tf32) {
  return issue(handle, {operand(a, a_type, a_leading, transpose_a, rows, depth), operand(b, b_type, b_leading, transpose_b, depth, columns),
                        operand(c, c_type, c_leading, false, rows, columns), transpose_a != 0, transpose_b != 0, tf32 && a_type == F32, rows, columns,
                        depth, *(const float*)alpha, *(const float*)beta});
}

}  // namespace

API cublasCreate_v2(Handle** handle) {
  *handle = new Handle;
  return SUCCESS;
}

API cublasDestroy_v2(Handle* handle) {
  delete handle;
  return SUCCESS;
}

API cublasGetVersion_v2(Handle*, int* version) {
  *version = CUBLAS_VERSION;
  return SUCCESS;
}

API cublasSetStream_v2(Handle* handle, void* stream) {
  handle->stream = stream;
  return SUCCESS;
}

API cublasSetMathMode(Handle* handle, int mode) {
  handle->math = mode;
  return SUCCESS;
}

API cublasSetWorkspace_v2(Handle*, void*, size_t) { return SUCCESS; }

API cublasSgemm_v2(Handle* handle, int transpose_a, int transpose_b, int rows, int columns, int depth, const float* alpha, const float* a, int a_leading,
                   const float* b, int b_leading, const float* beta, float* c, int c_leading) {
  return multiply(handle, transpose_a, transpose_b, rows, columns, depth, alpha, a, F32, a_leading, b, F32, b_leading, beta, c, F32, c_leading,
                  handle && handle->math == tf32_math);
}

API cublasGemmEx(Handle* handle, int transpose_a, int transpose_b, int rows, int columns, int depth, const void* alpha, const void* a, Type a_type,
                 int a_leading, const void* b, Type b_type, int b_leading, const void* beta, void* c, Type c_type, int c_leading, Compute compute, int) {
  if (compute != COMPUTE_32F && compute != COMPUTE_32F_PEDANTIC && compute != COMPUTE_32F_FAST_TF32) return NOT_SUPPORTED;
  bool tf32 = compute == COMPUTE_32F_FAST_TF32 || (compute == COMPUTE_32F && handle && handle->math == tf32_math);
  return multiply(handle, transpose_a, transpose_b, rows, columns, depth, alpha, a, a_type, a_leading, b, b_type, b_leading, beta, c, c_type, c_leading, tf32);
}
