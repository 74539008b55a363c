#include "tensor/random_blocks.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <numeric>

#include "tensor/blocks.h"
#include "tensor/dequantise.h"
#include "tensor/half.h"

namespace hadal {
namespace {

constexpr std::size_t kScales = 16;
constexpr std::size_t kQuantiles = 4096;
constexpr std::uint16_t kSign = 0x8000;

/// The middle of a type's codes, which its minimum brings to 0; 0 where the type has none.
float centre(DType type) {
  switch (type) {
    case DType::q2_k:
      return 1.5F;  // of 0..3
    case DType::q4_1:
    case DType::q4_k:
      return 7.5F;  // of 0..15
    case DType::q5_1:
    case DType::q5_k:
      return 15.5F;  // of 0..31
    default:
      return 0.0F;
  }
}

/// x below which a standard normal number lies with probability p, by bisection.
double normal_quantile(double p) {
  double low = -10.0, high = 10.0;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (std::erfc(-middle / std::sqrt(2.0)) / 2 < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

/// As many equally likely numbers of a normal distribution, with exactly the variance 1.
std::vector<float> normal_quantiles() {
  std::vector<double> exact;
  double squares = 0.0;
  for (std::size_t i = 0; i < kQuantiles; ++i) {
    exact.push_back(normal_quantile((static_cast<double>(i) + 0.5) / kQuantiles));
    squares += exact.back() * exact.back();
  }
  std::vector<float> out;
  for (const double x : exact) out.push_back(static_cast<float>(x / std::sqrt(squares / kQuantiles)));
  return out;
}

bool is_float(DType type) {
  return type == DType::f32 || type == DType::f16 || type == DType::bf16;
}

/// Runs `change` over every block in place; the address may have any alignment.
template <class Block, class Change>
void for_blocks(std::span<std::byte> out, Change change) {
  for (std::size_t at = 0; at < out.size(); at += sizeof(Block)) {
    Block block;
    std::memcpy(&block, out.data() + at, sizeof block);
    change(block);
    std::memcpy(out.data() + at, &block, sizeof block);
  }
}

/// Makes blocks valid whose bytes are random: codes stay as they are, scales are chosen by what lies in their place.
class Scales {
 public:
  Scales(const std::uint16_t* scales, const std::uint16_t* minima) : scales_(scales), minima_(minima) {}

  /// Either sign: codes that are not quite symmetric then have mean 0 over many blocks.
  template <class Block>
  void signed_scale(Block& block) const {
    block.scale = static_cast<std::uint16_t>(scales_[block.scale % kScales] | (block.scale & kSign));
  }
  template <class Block>
  void minimum_above_zero(Block& block) const {
    const std::size_t choice = block.scale % kScales;
    block.scale = scales_[choice];
    block.minimum = minima_[choice];
  }
  template <class Block>
  void minimum_below_zero(Block& block) const {
    minimum_above_zero(block);
    block.minimum |= kSign;
  }

 private:
  const std::uint16_t* scales_;
  const std::uint16_t* minima_;
};

/// Every group's minimum becomes its scale: of the packed twelve bytes the second four are then the first four, and
/// both nibbles of the last four are equal.
void equal_minima(std::uint8_t (&packed)[12]) {
  std::memcpy(packed + 4, packed, 4);
  for (int i = 8; i < 12; ++i) packed[i] = static_cast<std::uint8_t>((packed[i] & 15) * 17);
}

void make_valid(DType type, const Scales& scales, std::span<std::byte> out) {
  switch (type) {
    case DType::q4_0:
      return for_blocks<BlockQ4_0>(out, [&](auto& block) { scales.signed_scale(block); });
    case DType::q5_0:
      return for_blocks<BlockQ5_0>(out, [&](auto& block) { scales.signed_scale(block); });
    case DType::iq4_nl:
      return for_blocks<BlockIQ4_NL>(out, [&](auto& block) { scales.signed_scale(block); });
    case DType::iq4_xs:
      return for_blocks<BlockIQ4_XS>(out, [&](auto& block) { scales.signed_scale(block); });
    case DType::q3_k:
      return for_blocks<BlockQ3_K>(out, [&](auto& block) { scales.signed_scale(block); });
    case DType::q6_k:
      return for_blocks<BlockQ6_K>(out, [&](auto& block) { scales.signed_scale(block); });
    case DType::q8_0:
      return for_blocks<BlockQ8_0>(out, [&](auto& block) {
        // Quantisers use -127..127.
        for (std::int8_t& value : block.values) value = std::max<std::int8_t>(value, -127);
        scales.signed_scale(block);
      });
    case DType::q4_1:
      return for_blocks<BlockQ4_1>(out, [&](auto& block) { scales.minimum_below_zero(block); });
    case DType::q5_1:
      return for_blocks<BlockQ5_1>(out, [&](auto& block) { scales.minimum_below_zero(block); });
    case DType::q2_k:
      return for_blocks<BlockQ2_K>(out, [&](auto& block) {
        for (std::uint8_t& pair : block.scales) pair = static_cast<std::uint8_t>((pair & 15) * 17);
        scales.minimum_above_zero(block);
      });
    case DType::q4_k:
      return for_blocks<BlockQ4_K>(out, [&](auto& block) {
        equal_minima(block.scales);
        scales.minimum_above_zero(block);
      });
    case DType::q5_k:
      return for_blocks<BlockQ5_K>(out, [&](auto& block) {
        equal_minima(block.scales);
        scales.minimum_above_zero(block);
      });
    default:
      assert(false && "RandomBlocks: no type of weights");
  }
}

/// Replaces random words by elements of a table.
template <class T>
void look_up(const std::vector<T>& table, RandomWords& words, std::span<std::byte> out) {
  constexpr std::size_t per_word = 5;  // twelve bits each
  T values[per_word];
  for (std::size_t at = 0; at < out.size(); at += sizeof values) {
    std::uint64_t word = words.next();
    for (T& value : values) {
      value = table[word % kQuantiles];
      word /= kQuantiles;
    }
    std::memcpy(out.data() + at, values, std::min(sizeof values, out.size() - at));
  }
}

}  // namespace

RandomWords::RandomWords(std::uint64_t key) {
  for (std::uint64_t& word : state_) {
    key += 0x9E3779B97F4A7C15ULL;
    word = mixed_key(key, 0);
  }
}

std::uint64_t RandomWords::next() {
  std::uint64_t* s = state_;
  const std::uint64_t out = std::rotl(s[0] + s[3], 23) + s[0], t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = std::rotl(s[3], 45);
  return out;
}

void RandomWords::fill(std::span<std::byte> bytes) {
  RandomWords own = *this;  // in registers, which the bytes cannot alias
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(std::uint64_t)) {
    const std::uint64_t word = own.next();
    std::memcpy(bytes.data() + at, &word, std::min(sizeof word, bytes.size() - at));
  }
  *this = own;
}

std::uint64_t mixed_key(std::uint64_t seed, std::uint64_t number) {
  std::uint64_t key = seed + 0x9E3779B97F4A7C15ULL * number;
  key = (key ^ (key >> 30)) * 0xBF58476D1CE4E5B9ULL;
  key = (key ^ (key >> 27)) * 0x94D049BB133111EBULL;
  return key ^ (key >> 31);
}

RandomBlocks::RandomBlocks(DType type, float variance) : type_(type) {
  assert(dtype_traits(type).computable);
  const float deviation = std::sqrt(variance);
  if (is_float(type)) {
    floats_ = normal_quantiles();
    for (float& value : floats_) value *= deviation;
    for (const float value : floats_)
      halves_.push_back(type == DType::f16 ? float_to_half(value) : float_to_bfloat(value));
    return;
  }
  const auto make = [&](float unit) {
    scales_.clear();
    minima_.clear();
    for (std::size_t i = 0; i < kScales; ++i) {
      const float scale = unit * (0.5F + (static_cast<float>(i) + 0.5F) / kScales);
      scales_.push_back(float_to_half(scale));
      minima_.push_back(float_to_half(centre(type) * scale));
    }
  };
  // The variance that scales around 1 give is measured instead of derived for each type; a million weights tell it
  // within a percent.
  make(1.0F);
  const DTypeTraits& traits = dtype_traits(type);
  constexpr std::size_t sample = 1 << 20;
  std::vector<std::byte> blocks(sample / traits.block_size * traits.block_bytes);
  std::vector<float> weights(sample);
  fill(0, blocks);
  dequantise_row(type, blocks.data(), sample, weights.data());
  double squares = 0.0;
  for (const float weight : weights) squares += static_cast<double>(weight) * static_cast<double>(weight);
  make(deviation / static_cast<float>(std::sqrt(squares / sample)));
}

void RandomBlocks::fill(std::uint64_t key, std::span<std::byte> out) const {
  assert(out.size() % dtype_traits(type_).block_bytes == 0);
  RandomWords words(key);
  if (type_ == DType::f32) return look_up(floats_, words, out);
  if (is_float(type_)) return look_up(halves_, words, out);
  words.fill(out);
  make_valid(type_, Scales(scales_.data(), minima_.data()), out);
}

}  // namespace hadal
