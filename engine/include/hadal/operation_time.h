#pragma once

#include <cstdint>
#include <string>

namespace hadal {

/// The fastest products a processor has for weights of a kind: of bytes for quantised ones, of bfloat16, or of float32.
enum class ProductKind { int8, bf16, float32 };

/// What one kind of operation, on matrices of one type and shape, cost since the engine was told to log.
struct OperationTime {
  std::string name;  ///< "matmul Q4_0 [8960, 1536] x 2": rows, columns and number of the matrices.
  ProductKind kind = ProductKind::float32;
  bool weights = false;  ///< It multiplies with weights, as opposed to with the kv cache or with nothing.
  std::uint64_t calls = 0;
  double seconds = 0.0;
  std::uint64_t bytes = 0;       ///< Of weights and kv cache, each as often as it had to be read from memory.
  std::uint64_t arithmetic = 0;  ///< Multiplications and additions.
};

}  // namespace hadal
