#include <algorithm>
#include <cmath>

#include "ops/attention/layout.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/attention/cpu.cpp"
#include "ops/simd_targets.h"
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "hwy/contrib/math/math-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace hadal::ops::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using Float = hn::ScalableTag<float>;
inline constexpr std::int64_t kLanes = HWY_MAX_LANES_D(Float);
inline constexpr int kChunk = 32;  ///< Positions whose scores are held at once.

HWY_INLINE hn::Vec<Float> load(const float* from) {
  return hn::LoadU(Float(), from);
}
HWY_INLINE hn::Vec<Float> load(const hwy::float16_t* from) {
  return hn::PromoteTo(Float(), hn::LoadU(hn::Rebind<hwy::float16_t, Float>(), from));
}

template <class Kv>
HWY_INLINE float dot(const float* q, const Kv* key, std::int64_t size) {
  const Float d;
  auto sum = hn::Zero(d);
  std::int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) sum = hn::MulAdd(load(q + i), load(key + i), sum);
  float total = hn::ReduceSum(d, sum);
  for (; i < size; ++i) total += q[i] * hwy::ConvertScalarTo<float>(key[i]);
  return total;
}

/// out = out * shrink + sum of weights[p] * value row p.
template <class Kv>
HWY_INLINE void add_values(const float* weights, const Kv* const* rows, int count, float shrink, std::int64_t size,
                           float* out) {
  const Float d;
  std::int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    auto sum = hn::Mul(load(out + i), hn::Set(d, shrink));
    for (int p = 0; p < count; ++p) sum = hn::MulAdd(hn::Set(d, weights[p]), load(rows[p] + i), sum);
    hn::StoreU(sum, d, out + i);
  }
  for (; i < size; ++i) {
    float sum = out[i] * shrink;
    for (int p = 0; p < count; ++p) sum += weights[p] * hwy::ConvertScalarTo<float>(rows[p][i]);
    out[i] = sum;
  }
}

/// scores -> exp(score - highest); returns their sum.
HWY_INLINE float exponentials(float* scores, int count, float highest) {
  const Float d;
  auto sum = hn::Zero(d);
  for (int p = 0; p < count; p += static_cast<int>(kLanes)) {
    const auto n = static_cast<std::size_t>(std::min<std::int64_t>(kLanes, count - p));
    const auto e =
        hn::IfThenElseZero(hn::FirstN(d, n), hn::Exp(d, hn::Sub(hn::LoadN(d, scores + p, n), hn::Set(d, highest))));
    hn::StoreN(e, d, scores + p, n);
    sum = hn::Add(sum, e);
  }
  return hn::ReduceSum(d, sum);
}

/// One query head over a row's positions, a chunk at a time with a running maximum (online softmax: Milakov and
/// Gimelshein 2018, algorithm 3).
template <class Kv>
void attend(const AttentionShape& shape, const KvLayerView& cache, const AttentionRow& row, int head, const float* q,
            float* out) {
  const int kv_head = head / (shape.heads / shape.kv_heads);
  std::fill_n(out, shape.head_size, 0.0F);
  float highest = -INFINITY, total = 0.0F;
  for (std::int64_t first = 0; first <= row.position; first += kChunk) {
    const int count = static_cast<int>(std::min<std::int64_t>(kChunk, row.position + 1 - first));
    float scores[kChunk];
    const Kv* values[kChunk];
    float chunk_highest = -INFINITY;
    for (int p = 0; p < count; ++p) {
      const std::int64_t offset = kv_offset(shape, cache, row, first + p, kv_head);
      scores[p] = dot(q, reinterpret_cast<const Kv*>(cache.keys) + offset, shape.head_size) * shape.scale;
      values[p] = reinterpret_cast<const Kv*>(cache.values) + offset;
      chunk_highest = std::max(chunk_highest, scores[p]);
    }
    const float raised = std::max(highest, chunk_highest);
    const float shrink = std::exp(highest - raised);
    highest = raised;
    total = total * shrink + exponentials(scores, count, highest);
    add_values(scores, values, count, shrink, shape.head_size, out);
  }
  for (int i = 0; i < shape.head_size; ++i) out[i] /= total;
}

void attend_range(const AttentionShape& shape, const KvLayerView& cache, const AttentionRow* rows, const float* q,
                  std::int64_t begin, std::int64_t end, float* out) {
  for (std::int64_t i = begin; i < end; ++i) {
    const AttentionRow& row = rows[i / shape.heads];
    const int head = static_cast<int>(i % shape.heads);
    if (cache.type == DType::f16) {
      attend<hwy::float16_t>(shape, cache, row, head, q + i * shape.head_size, out + i * shape.head_size);
    } else {
      attend<float>(shape, cache, row, head, q + i * shape.head_size, out + i * shape.head_size);
    }
  }
}

void store_row(const float* from, std::int64_t count, DType type, std::byte* base, std::int64_t offset) {
  if (type == DType::f32) {
    std::copy_n(from, count, reinterpret_cast<float*>(base) + offset);
    return;
  }
  const hn::Rebind<hwy::float16_t, Float> d16;
  auto* to = reinterpret_cast<hwy::float16_t*>(base) + offset;
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) hn::StoreU(hn::DemoteTo(d16, load(from + i)), d16, to + i);
  for (; i < count; ++i) to[i] = hwy::F16FromF32(from[i]);
}

}  // namespace
}  // namespace hadal::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hadal::ops {
namespace {
HWY_EXPORT(attend_range);
HWY_EXPORT(store_row);
}  // namespace

void cpu::store_kv(const Context& context, const AttentionShape& shape, const KvLayerView& cache,
                   const AttentionRow* rows, std::int64_t tokens, const float* keys, const float* values) {
  const std::int64_t width = static_cast<std::int64_t>(shape.kv_heads) * shape.head_size;
  for (std::int64_t t = 0; t < tokens; ++t) {
    const std::int64_t offset = kv_offset(shape, cache, rows[t], rows[t].position, 0);
    HADAL_DISPATCH(context, store_row)(keys + t * width, width, cache.type, cache.keys, offset);
    HADAL_DISPATCH(context, store_row)(values + t * width, width, cache.type, cache.values, offset);
  }
}

void cpu::attention(const Context& context, const AttentionShape& shape, const KvLayerView& cache,
                    const AttentionRow* rows, std::int64_t tokens, const float* q, float* out) {
  context.pool.for_range(tokens * shape.heads, 1, [&](std::int64_t begin, std::int64_t end, int) {
    HADAL_DISPATCH(context, attend_range)(shape, cache, rows, q, begin, end, out);
  });
}

}  // namespace hadal::ops
#endif
