#pragma once

#include <QtTest>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <span>
#include <vector>

#include "base/compute_pool.h"
#include "ops/context.h"
#include "ops/cpu_target.h"
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

/// binary16 bits of 2^exponent * (1 + fraction / 1024).
inline std::uint16_t half_bits(int exponent, int fraction, bool negative = false) {
  return static_cast<std::uint16_t>((negative ? 0x8000 : 0) | ((exponent + 15) << 10) | fraction);
}

/// A matrix of random weights of about unit size in any computable type.
inline std::vector<std::byte> random_weights(Fresh& fresh, DType type, std::int64_t rows, std::int64_t cols) {
  const auto bytes = static_cast<std::size_t>(WeightView{nullptr, rows, cols, type}.row_bytes() * rows);
  std::vector<std::byte> data(bytes);
  const auto random_half = [&](int exponent) {
    return half_bits(exponent, static_cast<int>(fresh.below(1024)), fresh.below(2) == 1);
  };
  const auto put = [&](std::size_t offset, std::uint16_t half) {
    std::memcpy(data.data() + offset, &half, sizeof half);
  };
  if (type == DType::f32) {
    for (std::size_t i = 0; i < bytes; i += 4) {
      const float value = fresh.normal();
      std::memcpy(data.data() + i, &value, sizeof value);
    }
    return data;
  }
  for (std::byte& b : data) b = std::byte{fresh.byte()};
  if (type == DType::f16) {
    for (std::size_t i = 0; i < bytes; i += 2) put(i, random_half(static_cast<int>(fresh.below(4)) - 3));
  } else if (type == DType::q4_1) {
    for (std::size_t i = 0; i < bytes; i += sizeof(BlockQ4_1)) put(i, random_half(-3)), put(i + 2, random_half(-1));
  } else if (type == DType::q8_0) {
    for (std::size_t i = 0; i < bytes; i += sizeof(BlockQ8_0)) put(i, random_half(-6));
  } else if (type == DType::q6_k) {
    for (std::size_t i = 0; i < bytes; i += sizeof(BlockQ6_K)) put(i + offsetof(BlockQ6_K, scale), random_half(-10));
  }
  return data;
}

/// Bound on the rounding of a float32 sum of `terms` products whose absolute values add up to `magnitude`: every
/// addition and product rounds by half an ulp at most (Higham 2002, eq. 3.5).
inline double sum_bound(std::int64_t terms, double magnitude) {
  return static_cast<double>(terms + 2) * 0x1p-24 * magnitude;
}

}  // namespace hadal::testing
