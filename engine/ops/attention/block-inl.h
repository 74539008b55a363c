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
#include <cstring>

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
#include "ops/attention/plan.h"
#include "ops/sum4-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using Float = hn::ScalableTag<float>;
using FloatVec = hn::Vec<Float>;
inline constexpr std::int64_t kLanes = HWY_MAX_LANES_D(Float);

HWY_INLINE FloatVec load(const float* from) {
  return hn::LoadU(Float(), from);
}
HWY_INLINE FloatVec load(const hwy::float16_t* from) {
  return hn::PromoteTo(Float(), hn::LoadU(hn::Rebind<hwy::float16_t, Float>(), from));
}
/// The first n lanes, zero after them.
HWY_INLINE FloatVec load_part(const float* from, std::size_t n) {
  return hn::LoadN(Float(), from, n);
}
HWY_INLINE FloatVec load_part(const hwy::float16_t* from, std::size_t n) {
  alignas(64) float lanes[kLanes] = {};
  for (std::size_t i = 0; i < n; ++i) lanes[i] = hwy::F32FromF16(from[i]);
  return hn::Load(Float(), lanes);
}

/// Keys and values of one kv head in one block.
template <class Kv>
struct Rows {
  const Kv* keys;    ///< [kBlockPositions, key_stride], of which Queries::size are read
  const Kv* values;  ///< [kBlockPositions, value_stride], of which Outputs::size are read
  std::int64_t key_stride;
  std::int64_t value_stride;
};

/// Queries with keys and values in common: of heads that share a kv head, or of one head's successive positions. Called
/// heads below.
struct Queries {
  const float* q;  ///< [heads, stride], of which `size` are read
  std::int64_t size;
  std::int64_t stride;
  float scale;
};

/// Where their outputs, not yet divided by the sum of the weights, are added up.
struct Outputs {
  float* out;  ///< [heads, stride], of which `size` are written
  std::int64_t size;
  std::int64_t stride;
};

/// scores[h][p] = scale * q[h] . key[p], four positions at a time.
template <int heads, class Kv>
HWY_INLINE void score(const Queries& queries, const Rows<Kv>& kv, int count, float (*scores)[kBlockPositions]) {
  const Float d;
  const hn::FixedTag<float, 4> d4;
  for (int p = 0; p < count; p += 4) {
    FloatVec sums[heads][4];
    HADAL_UNROLL
    for (int h = 0; h < heads; ++h) {
      HADAL_UNROLL
      for (int j = 0; j < 4; ++j) sums[h][j] = hn::Zero(d);
    }
    const Kv* keys = kv.keys + p * kv.key_stride;
    std::int64_t i = 0;
    for (; i + kLanes <= queries.size; i += kLanes) {
      FloatVec key[4];
      HADAL_UNROLL
      for (int j = 0; j < 4; ++j) key[j] = load(keys + j * kv.key_stride + i);
      HADAL_UNROLL
      for (int h = 0; h < heads; ++h) {
        const FloatVec q = load(queries.q + h * queries.stride + i);
        HADAL_UNROLL
        for (int j = 0; j < 4; ++j) sums[h][j] = hn::MulAdd(q, key[j], sums[h][j]);
      }
    }
    if (i < queries.size) {
      const auto rest = static_cast<std::size_t>(queries.size - i);
      for (int h = 0; h < heads; ++h) {
        const FloatVec q = load_part(queries.q + h * queries.stride + i, rest);
        for (int j = 0; j < 4; ++j)
          sums[h][j] = hn::MulAdd(q, load_part(keys + j * kv.key_stride + i, rest), sums[h][j]);
      }
    }
    HADAL_UNROLL
    for (int h = 0; h < heads; ++h) {
      const auto four = sum4(sums[h][0], sums[h][1], sums[h][2], sums[h][3]);
      hn::StoreU(hn::Mul(four, hn::Set(d4, queries.scale)), d4, scores[h] + p);
    }
  }
}

/// Positions of a block that a query sees.
struct Seen {
  int begin;
  int end;
};

/// scores -> exp(score - highest), zero outside `seen`; the running sums follow (online softmax: Milakov and Gimelshein
/// 2018, algorithm 3). Returns what the output so far has to be multiplied with.
HWY_INLINE float soften(float* scores, const Seen& seen, SoftmaxSums& sums) {
  const int count = seen.end;
  std::fill_n(scores, seen.begin, std::numeric_limits<float>::lowest());
  const Float d;
  FloatVec lanes = hn::Set(d, sums.highest);
  for (int p = 0; p < kBlockPositions; p += static_cast<int>(kLanes)) {
    const auto inside = hn::FirstN(d, static_cast<std::size_t>(std::max(count - p, 0)));
    lanes = hn::Max(lanes, hn::IfThenElse(inside, load(scores + p), hn::Set(d, sums.highest)));
  }
  const float highest = hn::ReduceMax(d, lanes);
  const float shrink = highest == sums.highest ? 1.0F : std::exp(sums.highest - highest);
  FloatVec total = hn::Zero(d);
  for (int p = 0; p < kBlockPositions; p += static_cast<int>(kLanes)) {
    const auto inside = hn::FirstN(d, static_cast<std::size_t>(std::max(count - p, 0)));
    const auto shifted = hn::IfThenElseZero(inside, hn::Sub(load(scores + p), hn::Set(d, highest)));
    const auto weights = hn::IfThenElseZero(inside, hn::Exp(d, shifted));
    hn::StoreU(weights, d, scores + p);
    total = hn::Add(total, weights);
  }
  sums.highest = highest;
  sums.total = sums.total * shrink + hn::ReduceSum(d, total);
  return shrink;
}

/// out[h] = out[h] * shrink[h] + sum over p of weights[h][p] * value[p], for `vecs` vectors from element i.
template <int heads, int vecs, class Kv>
HWY_INLINE void add_values(const float (*weights)[kBlockPositions], const float* shrink, const Kv* values,
                           std::int64_t stride, int count, std::int64_t out_stride, float* out) {
  const Float d;
  FloatVec sums[heads][vecs];
  HADAL_UNROLL
  for (int h = 0; h < heads; ++h) {
    HADAL_UNROLL
    for (int v = 0; v < vecs; ++v) sums[h][v] = hn::Mul(load(out + h * out_stride + v * kLanes), hn::Set(d, shrink[h]));
  }
  for (int p = 0; p < count; ++p, values += stride) {
    FloatVec value[vecs];
    HADAL_UNROLL
    for (int v = 0; v < vecs; ++v) value[v] = load(values + v * kLanes);
    HADAL_UNROLL
    for (int h = 0; h < heads; ++h) {
      const FloatVec weight = hn::Set(d, weights[h][p]);
      HADAL_UNROLL
      for (int v = 0; v < vecs; ++v) sums[h][v] = hn::MulAdd(weight, value[v], sums[h][v]);
    }
  }
  HADAL_UNROLL
  for (int h = 0; h < heads; ++h) {
    HADAL_UNROLL
    for (int v = 0; v < vecs; ++v) hn::StoreU(sums[h][v], d, out + h * out_stride + v * kLanes);
  }
}

template <int heads, class Kv>
void add_rest_of_values(const float (*weights)[kBlockPositions], const float* shrink, const Rows<Kv>& kv, int count,
                        const Outputs& outputs) {
  const std::int64_t first = outputs.size / kLanes * kLanes;
  const auto rest = static_cast<std::size_t>(outputs.size - first);
  for (int h = 0; h < heads; ++h) {
    float* to = outputs.out + h * outputs.stride + first;
    FloatVec sum = hn::Mul(load_part(to, rest), hn::Set(Float(), shrink[h]));
    for (int p = 0; p < count; ++p) {
      sum = hn::MulAdd(hn::Set(Float(), weights[h][p]), load_part(kv.values + p * kv.value_stride + first, rest), sum);
    }
    hn::StoreN(sum, Float(), to, rest);
  }
}

template <int heads, class Kv>
void attend(const Queries& queries, const Rows<Kv>& kv, const Seen* seen, SoftmaxSums* sums, const Outputs& outputs) {
  int count = 0;
  for (int h = 0; h < heads; ++h) count = std::max(count, seen[h].end);
  alignas(64) float scores[heads][kBlockPositions];
  float shrink[heads];
  score<heads>(queries, kv, count, scores);
  for (int h = 0; h < heads; ++h) shrink[h] = soften(scores[h], seen[h], sums[h]);
  constexpr int kVecs = 2;
  const std::int64_t size = outputs.size;
  std::int64_t i = 0;
  for (; i + kVecs * kLanes <= size; i += kVecs * kLanes) {
    add_values<heads, kVecs>(scores, shrink, kv.values + i, kv.value_stride, count, outputs.stride, outputs.out + i);
  }
  for (; i + kLanes <= size; i += kLanes) {
    add_values<heads, 1>(scores, shrink, kv.values + i, kv.value_stride, count, outputs.stride, outputs.out + i);
  }
  if (i < size) add_rest_of_values<heads>(scores, shrink, kv, count, outputs);
}

/// Adds the positions that each of up to kTileHeads heads sees, `seen` [heads], to its sums and outputs. A head's
/// result does not depend on the others. Keys are read in fours: those behind the last one seen must be defined.
template <class Kv>
void attend_heads(int heads, const Queries& queries, const Rows<Kv>& kv, const Seen* seen, SoftmaxSums* sums,
                  const Outputs& outputs) {
  static_assert(kTileHeads == 4);
  switch (heads) {
    case 1:
      return attend<1>(queries, kv, seen, sums, outputs);
    case 2:
      return attend<2>(queries, kv, seen, sums, outputs);
    case 3:
      return attend<3>(queries, kv, seen, sums, outputs);
    default:
      return attend<4>(queries, kv, seen, sums, outputs);
  }
}

/// `count` elements into the cache, in its type.
inline void store_row(const float* from, std::int64_t count, DType type, std::byte* base, std::int64_t offset) {
  if (type == DType::f32) {
    std::memcpy(reinterpret_cast<float*>(base) + offset, from, static_cast<std::size_t>(count) * sizeof(float));
    return;
  }
  const hn::Rebind<hwy::float16_t, Float> d16;
  auto* to = reinterpret_cast<hwy::float16_t*>(base) + offset;
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) hn::StoreU(hn::DemoteTo(d16, load(from + i)), d16, to + i);
  for (; i < count; ++i) to[i] = hwy::F16FromF32(from[i]);
}

/// `count` rows as float32, one after another.
template <class Kv>
void convert_rows(const Kv* from, std::int64_t stride, int count, std::int64_t size, float* to) {
  for (int p = 0; p < count; ++p, from += stride, to += size) {
    std::int64_t i = 0;
    for (; i + kLanes <= size; i += kLanes) hn::StoreU(load(from + i), Float(), to + i);
    if (i < size) {
      const auto rest = static_cast<std::size_t>(size - i);
      hn::StoreN(load_part(from + i, rest), Float(), to + i, rest);
    }
  }
}

/// out = out * before + more * now
HWY_INLINE void blend(float before, const float* more, float now, std::int64_t size, float* out) {
  const Float d;
  std::int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    const FloatVec added = hn::Mul(load(more + i), hn::Set(d, now));
    hn::StoreU(hn::MulAdd(load(out + i), hn::Set(d, before), added), d, out + i);
  }
  for (; i < size; ++i) out[i] = out[i] * before + more[i] * now;
}

/// Adds a span's sums and output to those of the spans before it.
HWY_INLINE void join(const SoftmaxSums& span, const float* span_out, std::int64_t size, SoftmaxSums& sums, float* out) {
  if (span.total == 0.0F) return;  // of a row that ends before the span
  const float highest = std::max(span.highest, sums.highest);
  const float before = std::exp(sums.highest - highest), now = std::exp(span.highest - highest);
  blend(before, span_out, now, size, out);
  sums = {highest, sums.total * before + span.total * now};
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
