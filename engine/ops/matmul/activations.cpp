#include "ops/matmul/activations.h"

namespace hadal::ops {

ActivationFormat activation_format(DType weights) {
  switch (weights) {
    case DType::q4_0:
      return {.planes = 1, .halves = 1, .bias = 8};
    case DType::q4_k:
      return {.planes = 1, .halves = 1, .bias = 0};
    case DType::q4_1:
    case DType::q5_1:
    case DType::q5_k:
      return {.planes = 2, .halves = 1, .bias = 0};
    case DType::q5_0:
      return {.planes = 2, .halves = 1, .bias = 16};
    case DType::q8_0:
    case DType::iq4_nl:
    case DType::iq4_xs:
      return {.planes = 2, .halves = 1, .bias = 128};
    case DType::q2_k:
      return {.planes = 2, .halves = 2, .bias = 0};
    case DType::q3_k:
      return {.planes = 2, .halves = 2, .bias = 4};
    case DType::q6_k:
      return {.planes = 2, .halves = 2, .bias = 32};
    case DType::bf16:
      return {.chunks = true};
    default:
      return {};
  }
}

}  // namespace hadal::ops
