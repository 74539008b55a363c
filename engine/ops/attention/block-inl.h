// Queries over one block of cached positions. Included once per target by the cpu.cpp of attention and latent
// attention.
#if defined(HADAL_OPS_ATTENTION_BLOCK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HADAL_OPS_ATTENTION_BLOCK_INL_H_
#undef HADAL_OPS_ATTENTION_BLOCK_INL_H_
#else
#define HADAL_OPS_ATTENTION_BLOCK_INL_H_
#endif

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
#include "ops/attention/plan.h"
#include "ops/attention/rounded-inl.h"
#include "ops/attention/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET <= HWY_AVX3
inline constexpr int kTileSlots = 8;  // 8 x 2 sums + 2 keys or values + 1 query or weight of 32 registers
#else
inline constexpr int kTileSlots = 4;  // 4 x 2 sums + 2 + 1 of 16 registers
#endif

/// Words of keys between two calls of Ahead::ask(), a divisor of any vector's: some hundred products of vectors.
inline constexpr std::int64_t kAskWords = 16;

/// A slot is one query: of a row and a head. All slots of a call have keys and values in common.
struct Queries {
  const std::uint32_t* words;  ///< [slots, stride], the codes of all segments one behind another
  std::int64_t stride;
  const float* scales;  ///< [slots, kMostSegments], the scores' scale included
};

/// The cached vectors of the next block, asked for bit by bit while this one is multiplied: memory is far, and a
/// processor waits where too many requests are under way.
class Ahead {
 public:
  /// `bytes` of memory from `from` on; at most 2 * kBlockPanels times.
  void add(const void* from, std::int64_t bytes) {
    if (bytes <= 0) return;
    ranges_[count_++] = {static_cast<const char*>(from), static_cast<const char*>(from) + bytes};
    lines_ += (bytes + kLine - 1) / kLine;
  }
  /// How many calls of ask() there will be, about.
  void divide(std::int64_t steps) { step_ = (lines_ + steps - 1) / std::max<std::int64_t>(steps, 1); }
  HWY_INLINE void ask() {
    for (std::int64_t left = step_; left > 0; --left) {
      if (at_ >= end_) {
        if (next_ == count_) return;
        at_ = ranges_[next_].from;
        end_ = ranges_[next_++].end;
      }
      __builtin_prefetch(at_, 0, 2);  // to the L2 cache: a block fills all of L1
      at_ += kLine;
    }
  }

 private:
  static constexpr std::int64_t kLine = 64;
  struct Range {
    const char* from;
    const char* end;
  };

  const char* at_ = nullptr;
  const char* end_ = nullptr;
  std::int64_t step_ = 0, lines_ = 0;
  int next_ = 0, count_ = 0;
  Range ranges_[2 * kBlockPanels];
};

/// Where the keys and values of kPanelPositions positions lie (ops/attention/panels.h), and their scales.
struct Panel {
  const std::uint32_t* keys;
  const std::uint32_t* values;
  const float* key_scales;  ///< A second segment's are kBlockPositions further on.
  const float* value_scales;
};

/// One block. A key may have two segments with scales of their own.
struct Panels {
  Panel of[kBlockPanels];  ///< Those without positions are not read.
  std::int64_t segment_words[kMostSegments];
  std::int64_t value_size;
  int count;  ///< Positions that are there.
  Ahead* ahead = nullptr;

  std::int64_t key_words() const { return segment_words[0] + segment_words[1]; }
  HWY_INLINE const Panel& at(int position) const { return of[position / kPanelPositions]; }
  HWY_INLINE void ask() const {
    if (ahead) ahead->ask();
  }
  /// How often attend_slots() asks, about.
  std::int64_t steps(int slots) const {
    const std::int64_t tiles = (slots + kTileSlots - 1) / kTileSlots;
    const std::int64_t scored = (count + 2 * kLanes - 1) / (2 * kLanes) * (key_words() / kAskWords);
    const std::int64_t panels = (count + kPanelPositions - 1) / kPanelPositions;
    return tiles * (scored + padded_size(value_size) / kGroup * panels);
  }
};

/// Panels one behind another, as round_rows() and others write them.
inline Panels panels_of(const std::uint32_t* keys, const std::uint32_t* values, const float* key_scales,
                        const float* value_scales, std::int64_t words, std::int64_t second_words,
                        std::int64_t value_size, int count) {
  Panels panels{{}, {words, second_words}, value_size, count};
  for (int i = 0; i < kBlockPanels; ++i) {
    panels.of[i] = {keys + i * kPanelPositions * panels.key_words(),
                    values ? values + i * panel_words(value_size) : nullptr, key_scales + i * kPanelPositions,
                    value_scales ? value_scales + i * kPanelPositions : nullptr};
  }
  return panels;
}

/// Where outputs, not yet divided by the sum of the weights, are added up: [slots, stride], of which whole groups are
/// written.
struct Outputs {
  float* out;
  std::int64_t stride;
};

/// Positions of a block that a slot sees.
struct Seen {
  int begin;
  int end;
};

/// scores[s][p] = (what is there, for the second segment) + scale * query[s] . key[p], for `vecs` vectors of positions.
template <int slots, int vecs>
HWY_INLINE void score_tile(const Queries& queries, const Panels& panels, int segment, int first,
                           float (*scores)[kBlockPositions]) {
  const std::int64_t before = segment == 0 ? 0 : panels.segment_words[0], count = panels.segment_words[segment];
  const std::uint32_t* keys[vecs];
  HADAL_UNROLL
  for (int v = 0; v < vecs; ++v) {
    const int p = first + v * static_cast<int>(kLanes);
    keys[v] = panels.at(p).keys + key_word(panels.key_words(), p % kPanelPositions, before);
  }
  const std::uint32_t* words = queries.words + before;
  SumVec sums[slots][vecs];
  HADAL_UNROLL
  for (int s = 0; s < slots; ++s) {
    HADAL_UNROLL
    for (int v = 0; v < vecs; ++v) sums[s][v] = hn::Zero(Sums());
  }
  for (std::int64_t from = 0; from < count; from += kAskWords) {
    panels.ask();
    for (std::int64_t i = from; i < from + kAskWords; ++i) {
      WordVec key[vecs];
      HADAL_UNROLL
      for (int v = 0; v < vecs; ++v) key[v] = hn::LoadU(Words(), keys[v] + i * kKeyLanes);
      HADAL_UNROLL
      for (int s = 0; s < slots; ++s) {
        const WordVec query = hn::Set(Words(), words[s * queries.stride + i]);
        HADAL_UNROLL
        for (int v = 0; v < vecs; ++v) add_products(query, key[v], sums[s][v]);
      }
    }
  }
  HADAL_UNROLL
  for (int s = 0; s < slots; ++s) {
    const FloatVec scale = hn::Set(Float(), queries.scales[s * kMostSegments + segment]);
    HADAL_UNROLL
    for (int v = 0; v < vecs; ++v) {
      const int p = first + v * static_cast<int>(kLanes);
      float* to = scores[s] + p;
      const float* key_scales = panels.at(p).key_scales + segment * kBlockPositions + p % kPanelPositions;
      const FloatVec both = hn::Mul(scale, load(key_scales));
      const FloatVec product = hn::Mul(hn::ConvertTo(Float(), sums[s][v]), both);
      hn::StoreU(segment == 0 ? product : hn::Add(load(to), product), Float(), to);
    }
  }
}

template <int slots>
HWY_INLINE void score(const Queries& queries, const Panels& panels, float (*scores)[kBlockPositions]) {
  for (int segment = 0; segment < kMostSegments && panels.segment_words[segment] > 0; ++segment) {
    int p = 0;
    for (; p + kLanes < panels.count; p += static_cast<int>(2 * kLanes))
      score_tile<slots, 2>(queries, panels, segment, p, scores);
    if (p < panels.count) score_tile<slots, 1>(queries, panels, segment, p, scores);
  }
}

/// What a slot's outputs so far, and the sums of its weights' codes, have to be multiplied with.
struct Softened {
  float shrink;
  float scale;
};

/// Scores to weights exp(score - highest), zero outside `seen`; the running sums follow (online softmax: Milakov and
/// Gimelshein 2018, algorithm 3). Then codes of weight * value scale: as many as the sum over positions can take, which
/// the values' norm bounds by kCodeNorm * sum of codes.
HWY_INLINE Softened soften(float* scores, const Seen& seen, const Panels& panels, SoftmaxSums& sums,
                           std::uint32_t* words) {
  constexpr float kMostSum = 65000.0F, kMost = 32700.0F;
  const Float d;
  if (seen.begin >= seen.end) {
    std::fill_n(words, kBlockPositions / 2, 0U);
    return {1.0F, 0.0F};
  }
  std::fill_n(scores, seen.begin, std::numeric_limits<float>::lowest());
  const auto inside = [&](int p)
                          HWY_ATTR { return hn::FirstN(d, static_cast<std::size_t>(std::max(seen.end - p, 0))); };
  FloatVec lanes = hn::Set(d, sums.highest);
  for (int p = 0; p < seen.end; p += static_cast<int>(kLanes)) {
    lanes = hn::Max(lanes, hn::IfThenElse(inside(p), load(scores + p), hn::Set(d, sums.highest)));
  }
  const float highest = hn::ReduceMax(d, lanes);
  FloatVec total = hn::Zero(d), scaled_total = hn::Zero(d), most = hn::Zero(d);
  for (int p = 0; p < seen.end; p += static_cast<int>(kLanes)) {
    const auto shifted = hn::IfThenElseZero(inside(p), hn::Sub(load(scores + p), hn::Set(d, highest)));
    const auto weights = hn::IfThenElseZero(inside(p), hn::Exp(d, shifted));
    const FloatVec scales = load(panels.at(p).value_scales + p % kPanelPositions);
    const auto scaled = hn::IfThenElseZero(inside(p), hn::Mul(weights, scales));
    hn::StoreU(scaled, d, scores + p);
    // Exp makes 0 of NaN: a score that is not a number shall be seen all the same.
    total = hn::Add(total, hn::MulAdd(shifted, hn::Zero(d), weights));
    scaled_total = hn::Add(scaled_total, scaled);
    most = hn::Max(most, scaled);
  }
  const float scale = std::max(hn::ReduceSum(d, scaled_total) / kMostSum, hn::ReduceMax(d, most) / kMost);
  const FloatVec factor = hn::Set(d, scale > 1e-30F ? 1.0F / scale : 0.0F);
  for (int p = 0; p < kBlockPositions; p += static_cast<int>(kGroup)) {
    auto codes = hn::Zero(Codes());
    if (p < seen.end) {
      const auto lower = nearest(hn::Mul(load(scores + p), factor));
      const bool more = p + kLanes < seen.end;
      const auto upper = more ? nearest(hn::Mul(load(scores + p + kLanes), factor)) : hn::Zero(Sums());
      codes = hn::OrderedDemote2To(Codes(), lower, upper);
    }
    hn::StoreU(hn::BitCast(Words(), codes), Words(), words + p / 2);
  }
  const float shrink = highest == sums.highest ? 1.0F : std::exp(sums.highest - highest);
  sums.highest = highest;
  sums.total = sums.total * shrink + hn::ReduceSum(d, total);
  return {shrink, scale};
}

/// out[s] = out[s] * shrink[s] + sum over p of weights[s][p] * value[p], a group of elements at a time.
template <int slots>
HWY_INLINE void add_values(const std::uint32_t (*weights)[kBlockPositions / 2], const Softened* softened,
                           const Panels& panels, const Outputs& outputs) {
  for (std::int64_t i = 0; i < padded_size(panels.value_size); i += kGroup) {
    SumVec sums[slots][2];
    HADAL_UNROLL
    for (int s = 0; s < slots; ++s) sums[s][0] = sums[s][1] = hn::Zero(Sums());
    for (int first = 0; first < panels.count; first += kPanelPositions) {
      const int pairs = (std::min(panels.count - first, kPanelPositions) + 1) / 2;
      const std::uint32_t* values = panels.at(first).values + value_word(0, i);
      panels.ask();
      for (int p = 0; p < pairs; ++p) {
        const WordVec lower = hn::LoadU(Words(), values + p * kValueGroup);
        const WordVec upper = hn::LoadU(Words(), values + p * kValueGroup + kLanes);
        HADAL_UNROLL
        for (int s = 0; s < slots; ++s) {
          const WordVec weight = hn::Set(Words(), weights[s][first / 2 + p]);
          add_products(weight, lower, sums[s][0]);
          add_products(weight, upper, sums[s][1]);
        }
      }
    }
    HADAL_UNROLL
    for (int s = 0; s < slots; ++s) {
      const FloatVec shrink = hn::Set(Float(), softened[s].shrink), scale = hn::Set(Float(), softened[s].scale);
      float* to = outputs.out + s * outputs.stride + i;
      HADAL_UNROLL
      for (int v = 0; v < 2; ++v) {
        const FloatVec more = hn::Mul(hn::ConvertTo(Float(), sums[s][v]), scale);
        hn::StoreU(hn::MulAdd(load(to + v * kLanes), shrink, more), Float(), to + v * kLanes);
      }
    }
  }
}

template <int slots>
void attend(const Queries& queries, const Panels& panels, const Seen* seen, SoftmaxSums* sums, const Outputs& outputs) {
  alignas(64) float scores[slots][kBlockPositions];
  alignas(64) std::uint32_t weights[slots][kBlockPositions / 2];
  Softened softened[slots];
  score<slots>(queries, panels, scores);
  for (int s = 0; s < slots; ++s) {
    softened[s] = soften(scores[s], seen[s], panels, sums[s], weights[s]);
  }
  add_values<slots>(weights, softened, panels, outputs);
}

/// Adds the positions that each slot sees, seen(slot), to its sums [slots] and outputs. A slot's result does not depend
/// on the others.
template <class SeenBy>
void attend_slots(int slots, const Queries& queries, const Panels& panels, const SeenBy& seen_by, SoftmaxSums* sums,
                  const Outputs& outputs) {
  int s = 0;
  const auto tile = [&](auto constant) HWY_ATTR {
    constexpr int size = decltype(constant)::value;
    for (; slots - s >= size; s += size) {
      Seen seen[size];
      bool any = false;
      for (int i = 0; i < size; ++i) {
        seen[i] = seen_by(s + i);
        any = any || seen[i].begin < seen[i].end;
      }
      if (!any) continue;
      attend<size>({queries.words + s * queries.stride, queries.stride, queries.scales + s * kMostSegments}, panels,
                   seen, sums + s, {outputs.out + s * outputs.stride, outputs.stride});
    }
  };
  tile(std::integral_constant<int, kTileSlots>());
  if constexpr (kTileSlots > 6) tile(std::integral_constant<int, 6>());
  if constexpr (kTileSlots > 4) tile(std::integral_constant<int, 4>());
  tile(std::integral_constant<int, 2>());
  tile(std::integral_constant<int, 1>());
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
