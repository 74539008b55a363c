#pragma once

#include <cstdint>
#include <string_view>

namespace hadal {

/// Element types, numbered as in GGUF (ggml.h, enum ggml_type), so that a file's number is the enum's value.
enum class DType : std::uint32_t {
  f32 = 0, f16 = 1, q4_0 = 2, q4_1 = 3, q5_0 = 6, q5_1 = 7, q8_0 = 8, q8_1 = 9,
  q2_k = 10, q3_k = 11, q4_k = 12, q5_k = 13, q6_k = 14, q8_k = 15,
  iq2_xxs = 16, iq2_xs = 17, iq3_xxs = 18, iq1_s = 19, iq4_nl = 20, iq3_s = 21, iq2_s = 22, iq4_xs = 23,
  i8 = 24, i16 = 25, i32 = 26, i64 = 27, f64 = 28, iq1_m = 29, bf16 = 30, tq1_0 = 34, tq2_0 = 35, mxfp4 = 39,
  nvfp4 = 40, q1_0 = 41,
  f8_e4m3 = 0x10000,  ///< Of no GGUF file: 8-bit floats of safetensors, with a scale for every block (WeightView).
};

struct DTypeTraits {
  std::string_view name;      ///< As in GGUF tools: "Q4_1".
  std::uint32_t block_size;   ///< Elements per block.
  std::uint32_t block_bytes;  ///< Bytes per block.
  bool computable;            ///< Whether the operations here can read it.
};

/// Null for numbers that name no type.
const DTypeTraits* dtype_traits(std::uint32_t number);
inline const DTypeTraits& dtype_traits(DType type) { return *dtype_traits(static_cast<std::uint32_t>(type)); }

}  // namespace hadal
