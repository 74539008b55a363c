#include "ops/matmul/bfloat16.h"

#include <algorithm>
#include <type_traits>

#include "ops/matmul/read_ahead.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/matmul/bfloat16.cpp"
#include "ops/simd_targets.h"
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "ops/matmul/bfloat16-inl.h"
#include "ops/matmul/bfloat16_packed-inl.h"
#include "ops/sum4-inl.h"
// clang-format on

// Integers of 16 bits are multiplied twice as fast as float32. With a scale for every 128 of them they keep more of an
// activation than bfloat16 does, and all of a weight but the last bits of those that are small among their neighbours.
// Where they are not packed, weights are rounded on their way: with few tokens row by row, each read once; with many
// into a panel for all of them. A chunk's sum is exact, and chunks are added in order, so a token's result is the same
// in all these ways.

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {

inline constexpr int kDecodeTokens = 4;  ///< Up to here weights are cheaper rounded row by row.
inline constexpr int kDecodeRows = 4;    ///< What sum4() takes.
inline constexpr int kPanelRows = kBlockPositions;

void round_chunks(const float* x, std::int64_t tokens, std::int64_t cols, std::byte* out) {
  for (std::int64_t t = 0; t < tokens; ++t, x += cols, out += chunked_bytes(cols)) {
    auto* words = reinterpret_cast<std::uint32_t*>(out);
    auto* scales = reinterpret_cast<float*>(words + chunks_of(cols) * kChunkWords);
    for (std::int64_t chunk = 0; chunk < chunks_of(cols); ++chunk) {
      const std::int64_t col = chunk * kChunkCols, size = std::min(kChunkCols, cols - col);
      std::uint32_t* to = words + chunk * kChunkWords;
      scales[chunk] = round_vector(x + col, size, to);
      std::fill(to + rounded_words(size), to + kChunkWords, 0U);
    }
  }
}

/// kDecodeRows rows from `row` times all tokens, each row read once. Those past the last one are the last one.
template <int tokens>
HWY_INLINE void decode_tile(const Operands& o, std::int64_t row) {
  const hn::FixedTag<float, kDecodeRows> d4;
  const std::int64_t row_bytes = o.w.row_bytes();
  const bool long_rows = row_bytes > kShortRow;
  hn::Vec<decltype(d4)> totals[tokens];
  for (std::int64_t chunk = 0; chunk < o.chunks(); ++chunk) {
    constexpr std::int64_t bytes = 2 * kChunkCols;
    alignas(64) std::uint32_t words[kDecodeRows][kChunkWords];
    alignas(16) float scales[kDecodeRows];
    HADAL_UNROLL
    for (int r = 0; r < kDecodeRows; ++r) {
      alignas(64) std::byte spare[bytes];
      scales[r] = round_weights(find_chunk(o, std::min(row + r, o.w.rows - 1), chunk, spare), words[r]);
      const std::byte* ahead =
          o.w.data + (long_rows ? (row + r) * row_bytes + chunk * bytes + kLongAhead
                                : (row + kDecodeRows) * row_bytes + (chunk * kDecodeRows + r) * bytes);
      HADAL_UNROLL
      for (std::int64_t i = 0; i < bytes; i += 64) __builtin_prefetch(ahead + i);
    }
    SumVec sums[tokens][kDecodeRows];
    HADAL_UNROLL
    for (int t = 0; t < tokens; ++t) {
      HADAL_UNROLL
      for (int r = 0; r < kDecodeRows; ++r) sums[t][r] = hn::Zero(Sums());
    }
    HADAL_UNROLL
    for (std::int64_t i = 0; i < kChunkWords; i += kLanes) {
      HADAL_UNROLL
      for (int t = 0; t < tokens; ++t) {
        const WordVec x = hn::LoadU(Words(), o.words(t, chunk) + i);
        HADAL_UNROLL
        for (int r = 0; r < kDecodeRows; ++r) add_products(hn::Load(Words(), words[r] + i), x, sums[t][r]);
      }
    }
    const auto scale = hn::Load(d4, scales);
    HADAL_UNROLL
    for (int t = 0; t < tokens; ++t) {
      const auto sum = hn::ConvertTo(d4, sum4(sums[t][0], sums[t][1], sums[t][2], sums[t][3]));
      const auto product = hn::Mul(sum, hn::Mul(hn::Set(d4, o.scale(t, chunk)), scale));
      totals[t] = chunk == 0 ? product : hn::Add(totals[t], product);
    }
  }
  const auto there = static_cast<std::size_t>(std::min<std::int64_t>(kDecodeRows, o.w.rows - row));
  for (int t = 0; t < tokens; ++t) hn::StoreN(totals[t], d4, o.y + t * o.w.rows + row, there);
}

template <int tokens>
void decode_rows(const Operands& o, std::int64_t begin, std::int64_t end) {
  for (std::int64_t row = begin; row < end; row += kDecodeRows) decode_tile<tokens>(o, row);
}

/// y (+)= a chunk of kPanelRows rows times `slots` tokens.
template <int slots>
HWY_NOINLINE void multiply_chunk(const Operands& o, const Panels& panels, std::int64_t chunk, std::int64_t row,
                                 std::int64_t token) {
  alignas(64) float products[slots][kBlockPositions];
  float scales[slots * kMostSegments] = {};
  for (int s = 0; s < slots; ++s) scales[s * kMostSegments] = o.scale(token + s, chunk);
  const auto stride = static_cast<std::int64_t>(chunked_bytes(o.w.cols) / sizeof(std::uint32_t));
  score<slots>({o.words(token, chunk), stride, scales}, panels, products);
  for (int s = 0; s < slots; ++s) {
    float* y = o.y + (token + s) * o.w.rows + row;
    for (int r = 0; r < panels.count; r += static_cast<int>(kLanes)) {
      const auto there = static_cast<std::size_t>(std::min<std::int64_t>(kLanes, panels.count - r));
      const FloatVec product = load(products[s] + r);
      hn::StoreN(chunk == 0 ? product : hn::Add(load_part(y + r, there), product), Float(), y + r, there);
    }
  }
}

void prefill_rows(const Operands& o, std::int64_t begin, std::int64_t end) {
  alignas(64) std::uint32_t rounded[kLanes * kChunkWords];
  alignas(64) std::uint32_t words[kPanelRows * kChunkWords];
  alignas(64) float scales[kPanelRows];
  for (std::int64_t row = begin; row < end; row += kPanelRows) {
    const int count = static_cast<int>(std::min<std::int64_t>(kPanelRows, end - row));
    for (std::int64_t chunk = 0; chunk < o.chunks(); ++chunk) {
      for (std::int64_t first = 0; first < count; first += kLanes) {
        round_rows_of(o, row + first, chunk, rounded, scales + first);
        place_rounded(first, rounded, words);
      }
      const Panels panels = panels_of(words, nullptr, scales, nullptr, kChunkWords, 0, 0, count);
      std::int64_t token = 0;
      const auto multiply = [&](auto slots) HWY_ATTR {
        for (; o.tokens - token >= slots; token += slots) multiply_chunk<slots>(o, panels, chunk, row, token);
      };
      multiply(std::integral_constant<int, kTileSlots>());
      if constexpr (kTileSlots > 4) multiply(std::integral_constant<int, 4>());
      multiply(std::integral_constant<int, 2>());
      multiply(std::integral_constant<int, 1>());
    }
  }
}

void bfloat16_rows(const WeightView& w, const std::byte* x, std::int64_t tokens, float* y, std::int64_t begin,
                   std::int64_t end) {
  static_assert(kDecodeTokens == 4);
  const Operands o{w, x, tokens, y};
  if (w.packed) return packed_rows(o, begin, end);
  switch (tokens) {
    case 1:
      return decode_rows<1>(o, begin, end);
    case 2:
      return decode_rows<2>(o, begin, end);
    case 3:
      return decode_rows<3>(o, begin, end);
    case 4:
      return decode_rows<4>(o, begin, end);
    default:
      return prefill_rows(o, begin, end);
  }
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hadal::ops {
namespace {
HWY_EXPORT(round_chunks);
HWY_EXPORT(bfloat16_rows);
HWY_EXPORT(pack_bfloat16);
}  // namespace

void cpu::round_chunks(const Context& context, const float* x, std::int64_t tokens, std::int64_t cols, std::byte* out) {
  HADAL_DISPATCH(context, round_chunks)(x, tokens, cols, out);
}

void cpu::bfloat16_rows(const Context& context, const WeightView& w, const std::byte* x, std::int64_t tokens, float* y,
                        std::int64_t begin, std::int64_t end) {
  HADAL_DISPATCH(context, bfloat16_rows)(w, x, tokens, y, begin, end);
}

void cpu::pack_bfloat16(std::size_t cpu_target, const WeightView& w, std::int64_t group, std::byte* out) {
  (*HWY_DISPATCH_TABLE(pack_bfloat16)[cpu_target])(w, group, out);
}

}  // namespace hadal::ops
#endif
