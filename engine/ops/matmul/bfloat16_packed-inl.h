// Packed BF16 matrices. Included once per target by bfloat16.cpp.
#if defined(HADAL_OPS_MATMUL_BFLOAT16_PACKED_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HADAL_OPS_MATMUL_BFLOAT16_PACKED_INL_H_
#undef HADAL_OPS_MATMUL_BFLOAT16_PACKED_INL_H_
#else
#define HADAL_OPS_MATMUL_BFLOAT16_PACKED_INL_H_
#endif

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "ops/matmul/bfloat16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {
/// Sixteen rows of a packed matrix in a chunk.
struct PackedChunk {
  const std::uint32_t* words;
  const float* scales;

  PackedChunk(const Operands& o, std::int64_t row, std::int64_t chunk)
      : words(reinterpret_cast<const std::uint32_t*>(o.w.packed + row / kKeyLanes * kPackedChunkBytes * o.chunks() +
                                                     chunk * kPackedChunkBytes)),
        scales(reinterpret_cast<const float*>(words + kKeyLanes * kChunkWords)) {}
};

/// y (+)= a chunk of `vecs` vectors of rows times `slots` tokens, each sum in `parts` parts: with few tokens products
/// would wait for one another.
template <int slots, int vecs, int parts>
HWY_NOINLINE void multiply_packed(const Operands& o, std::int64_t chunk, std::int64_t row, std::int64_t end,
                                  std::int64_t token) {
  const std::uint32_t* weights[vecs];
  FloatVec scales[vecs];
  HADAL_UNROLL
  for (int v = 0; v < vecs; ++v) {
    const PackedChunk packed(o, row + v * kLanes, chunk);
    const std::int64_t lane = (row + v * kLanes) % kKeyLanes;
    weights[v] = packed.words + lane;
    scales[v] = load(packed.scales + lane);
  }
  const std::uint32_t* words = o.words(token, chunk);
  const auto stride = static_cast<std::int64_t>(chunked_bytes(o.w.cols) / sizeof(std::uint32_t));
  SumVec sums[slots][vecs][parts];
  HADAL_UNROLL
  for (int s = 0; s < slots; ++s) {
    HADAL_UNROLL
    for (int v = 0; v < vecs; ++v) {
      HADAL_UNROLL
      for (int p = 0; p < parts; ++p) sums[s][v][p] = hn::Zero(Sums());
    }
  }
  for (std::int64_t i = 0; i < kChunkWords; i += parts) {
    HADAL_UNROLL
    for (int p = 0; p < parts; ++p) {
      WordVec weight[vecs];
      HADAL_UNROLL
      for (int v = 0; v < vecs; ++v) weight[v] = hn::Load(Words(), weights[v] + (i + p) * kKeyLanes);
      HADAL_UNROLL
      for (int s = 0; s < slots; ++s) {
        const WordVec x = hn::Set(Words(), words[s * stride + i + p]);
        HADAL_UNROLL
        for (int v = 0; v < vecs; ++v) add_products(x, weight[v], sums[s][v][p]);
      }
    }
  }
  HADAL_UNROLL
  for (int s = 0; s < slots; ++s) {
    const FloatVec scale = hn::Set(Float(), o.scale(token + s, chunk));
    HADAL_UNROLL
    for (int v = 0; v < vecs; ++v) {
      SumVec sum = sums[s][v][0];
      HADAL_UNROLL
      for (int p = 1; p < parts; ++p) sum = hn::Add(sum, sums[s][v][p]);
      const FloatVec product = hn::Mul(hn::ConvertTo(Float(), sum), hn::Mul(scale, scales[v]));
      const std::int64_t first = row + v * kLanes;
      const auto there = static_cast<std::size_t>(std::clamp<std::int64_t>(end - first, 0, kLanes));
      float* y = o.y + (token + s) * o.w.rows + first;
      hn::StoreN(chunk == 0 ? product : hn::Add(load_part(y, there), product), Float(), y, there);
    }
  }
}

/// Up to `vecs` vectors of rows times all tokens.
template <int vecs>
void multiply_packed_rows(const Operands& o, std::int64_t row, std::int64_t end) {
  for (std::int64_t chunk = 0; chunk < o.chunks(); ++chunk) {
    std::int64_t token = 0;
    const auto multiply = [&](auto slots, auto parts) HWY_ATTR {
      for (; o.tokens - token >= slots; token += slots) {
        multiply_packed<slots, vecs, parts>(o, chunk, row, end, token);
      }
    };
    using One = std::integral_constant<int, 1>;
    multiply(std::integral_constant<int, kTileSlots>(), One());
    if constexpr (kTileSlots > 4) multiply(std::integral_constant<int, 4>(), One());
    multiply(std::integral_constant<int, 2>(), std::integral_constant<int, 2>());
    multiply(One(), std::integral_constant<int, 4>());
  }
}

inline constexpr int kFewTokens = 4;  ///< Up to here reading the weights takes longer than multiplying them.

void packed_rows(const Operands& o, std::int64_t begin, std::int64_t end) {
  constexpr std::int64_t both = 2 * kLanes;
  std::int64_t row = begin;
  // One stream is read faster than two.
  for (; o.tokens > kFewTokens && row + kLanes < end; row += both) multiply_packed_rows<2>(o, row, end);
  for (; row < end; row += kLanes) multiply_packed_rows<1>(o, row, end);
}

void pack_bfloat16(const WeightView& w, std::int64_t group, std::byte* out) {
  const Operands o{w, nullptr, 0, nullptr};
  alignas(64) std::uint32_t rounded[kLanes * kChunkWords];
  for (std::int64_t chunk = 0; chunk < o.chunks(); ++chunk, out += kPackedChunkBytes) {
    auto* words = reinterpret_cast<std::uint32_t*>(out);
    auto* scales = reinterpret_cast<float*>(words + kKeyLanes * kChunkWords);
    for (std::int64_t first = 0; first < kKeyLanes; first += kLanes) {
      round_rows_of(o, group * kKeyLanes + first, chunk, rounded, scales + first);
      place_rounded(first, rounded, words);
    }
  }
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
