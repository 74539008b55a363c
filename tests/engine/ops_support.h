#pragma once

#include <QtTest>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <span>
#include <vector>

#include "base/compute_pool.h"
#include "ops/attention/rounded.h"
#include "ops/context.h"
#include "ops/cpu_target.h"
#include "ops/matmul/activations.h"
#include "tensor/blocks.h"
#include "tensor/view.h"

namespace hadal::testing {

/// Fresh random input, its seed printed so that a failure can be repeated with HADAL_TEST_SEED.
class Fresh {
 public:
  Fresh() {
    bool given = false;
    seed_ = qEnvironmentVariableIntValue("HADAL_TEST_SEED", &given);
    if (!given) seed_ = static_cast<int>(std::random_device{}() & 0x7FFFFFFF);
    qInfo("HADAL_TEST_SEED=%d", seed_);
    engine_.seed(static_cast<std::uint64_t>(seed_));
  }
  float normal() { return normal_(engine_); }
  std::vector<float> normals(std::int64_t count) {
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& value : values) value = normal();
    return values;
  }
  std::int64_t below(std::int64_t bound) {
    return static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(bound));
  }
  std::uint8_t byte() { return static_cast<std::uint8_t>(engine_()); }

 private:
  int seed_ = 0;
  std::mt19937_64 engine_;
  std::normal_distribution<float> normal_;
};

/// What rounding to 16-bit integers changes in attention over vectors of `size` elements of about 1, whose scores are
/// divided by the size's root or smaller. Both vectors of a score err by up to half a code an element, independently:
/// 0.41 code * root(size) / kCodeNorm in the score, which moves the weights as much. Values err by 0.29 codes of
/// root(size) / kCodeNorm, and weights by less. Together about 0.6 root(size) / kCodeNorm; short vectors vary more.
inline double rounding_bound(std::int64_t size) {
  return 4.0 * (std::sqrt(static_cast<double>(size)) + 1.0) / static_cast<double>(ops::kCodeNorm);
}

/// binary16 bits of 2^exponent * (1 + fraction / 1024).
inline std::uint16_t half_bits(int exponent, int fraction, bool negative = false) {
  return static_cast<std::uint16_t>((negative ? 0x8000 : 0) | ((exponent + 15) << 10) | fraction);
}

/// A binary16 member of a type's blocks, and the exponent that makes the block's weights about 1.
struct HalfMember {
  std::size_t offset;
  int exponent;
};
inline std::vector<HalfMember> half_members(DType type) {
  switch (type) {
    case DType::q4_0:
      return {{0, -3}};
    case DType::q4_1:
      return {{0, -3}, {2, -1}};
    case DType::q5_0:
      return {{0, -4}};
    case DType::q5_1:
      return {{0, -4}, {2, -1}};
    case DType::q8_0:
      return {{0, -6}};
    case DType::q2_k:
      return {{80, -5}, {82, -5}};
    case DType::q3_k:
      return {{108, -6}};
    case DType::q4_k:
      return {{0, -9}, {2, -6}};
    case DType::q5_k:
      return {{0, -10}, {2, -6}};
    case DType::q6_k:
      return {{208, -11}};
    case DType::iq4_nl:
      return {{0, -6}};
    case DType::iq4_xs:
      return {{0, -11}};
    default:
      return {};
  }
}
/// Above |scale * code| and |minimum| of all weights random_weights makes: of 2^(exponent + 1) times the largest scale
/// and code (Q3_K: 2^-5 * 32 * 4).
inline constexpr double kLargestTerm = 4.0;

inline constexpr DType kComputableTypes[] = {DType::f32,  DType::f16,  DType::bf16, DType::q4_0,   DType::q4_1,
                                             DType::q5_0, DType::q5_1, DType::q8_0, DType::q2_k,   DType::q3_k,
                                             DType::q4_k, DType::q5_k, DType::q6_k, DType::iq4_nl, DType::iq4_xs};

/// A matrix of random weights of about unit size in any computable type.
inline std::vector<std::byte> random_weights(Fresh& fresh, DType type, std::int64_t rows, std::int64_t cols) {
  const auto bytes = static_cast<std::size_t>(WeightView{nullptr, rows, cols, type}.row_bytes() * rows);
  std::vector<std::byte> data(bytes);
  const auto put = [&](std::size_t offset, const void* from, std::size_t size) {
    std::memcpy(data.data() + offset, from, size);
  };
  const auto put_half = [&](std::size_t offset, int exponent) {
    const auto half = half_bits(exponent, static_cast<int>(fresh.below(1024)), fresh.below(2) == 1);
    put(offset, &half, sizeof half);
  };
  if (type == DType::f32 || type == DType::bf16) {
    const std::size_t size = dtype_traits(type).block_bytes;
    for (std::size_t i = 0; i < bytes; i += size) {
      const float value = fresh.normal();
      put(i, reinterpret_cast<const std::byte*>(&value) + sizeof value - size, size);
    }
    return data;
  }
  if (type == DType::f16) {
    for (std::size_t i = 0; i < bytes; i += 2) put_half(i, static_cast<int>(fresh.below(4)) - 3);
    return data;
  }
  for (std::byte& b : data) b = std::byte{fresh.byte()};
  if (type == DType::f8_e4m3) {
    for (std::byte& b : data) b = (b & std::byte{0x7F}) == std::byte{0x7F} ? std::byte{0x55} : b;  // NaN
  }
  for (std::size_t block = 0; block < bytes; block += dtype_traits(type).block_bytes) {
    for (const auto [offset, exponent] : half_members(type)) put_half(block + offset, exponent);
  }
  return data;
}

/// `x` [rows, cols] as the cpu products with weights of that type see it: rounded to the integers that ActivationFormat
/// describes, in the same float32 steps.
inline std::vector<float> rounded_activations(DType weights, std::vector<float> x) {
  const int planes = ops::activation_format(weights).planes;
  if (planes == 0) return x;
  const float levels = planes == 1 ? 127.0F : 8191.0F;
  for (std::size_t first = 0; first < x.size(); first += 32) {
    const std::span<float> block(x.data() + first, 32);
    float largest = 0.0F;
    for (const float value : block) largest = std::max(largest, std::abs(value));
    if (largest == 0.0F) continue;
    const float scale = largest / levels, inverse = levels / largest;
    for (float& value : block) value = scale * std::nearbyint(value * inverse);
  }
  return x;
}

/// Bound on what rounding BF16 weights w and activations x [cols] adds to their product: by half a step each, where the
/// steps of a chunk of 128 are its activations' norm / 32000, and 2^-11 of the power of two below its largest weight.
inline double chunk_bound(const float* w, const float* x, std::int64_t cols) {
  double bound = 0.0;
  for (std::int64_t first = 0; first < cols; first += 128) {
    double squares = 0.0, largest = 0.0, weights = 0.0, activations = 0.0, count = 0.0;
    for (std::int64_t k = first; k < std::min(first + 128, cols); ++k, ++count) {
      const double weight = std::abs(static_cast<double>(w[k])), activation = std::abs(static_cast<double>(x[k]));
      squares += activation * activation;
      largest = std::max(largest, weight);
      weights += weight;
      activations += activation;
    }
    const double step = std::sqrt(squares) / 32000.0, weight_step = largest * 0x1p-11;
    bound += 0.5 * (step * weights + weight_step * activations) + 0.25 * step * weight_step * count;
  }
  return bound;
}

/// Bound on the rounding of a float32 sum of `terms` products whose absolute values add up to `magnitude`: every
/// addition and product rounds by half an ulp at most (Higham 2002, eq. 3.5).
inline double sum_bound(std::int64_t terms, double magnitude) {
  return static_cast<double>(terms + 2) * 0x1p-24 * magnitude;
}

}  // namespace hadal::testing
