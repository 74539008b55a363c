#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "ops/attention/attention.h"

namespace hadal::ops {

/// Softmax sums are kept per span of positions and then put together, always at the same borders: spans can be computed
/// on several cores, and the result does not depend on whether they were.
inline constexpr std::int32_t kSpanPositions = 512;
/// Rows of one sequence that are computed together, to share the conversion of keys and values.
inline constexpr int kTileRows = 8;
/// Query heads of one kv head that are computed together, to share its loads.
inline constexpr int kTileHeads = 4;

/// Positions whose scores are held at once; a divisor of the cache's blocks.
inline constexpr int kBlockPositions = 32;
/// For scratch on the stack; models are checked against it when they are loaded.
inline constexpr int kMostHeadSize = 1024;

/// Of one query row and head over some positions: the highest score and the sum of exp(score - highest).
struct SoftmaxSums {
  float highest = -std::numeric_limits<float>::infinity();
  float total = 0.0F;
};

struct AttentionOperands {
  AttentionShape shape;
  KvLayerView cache;
  const AttentionRow* rows = nullptr;  ///< [tokens]
  const float* q = nullptr;            ///< [tokens, heads, head_size]
  float* out = nullptr;                ///< [tokens, heads, head_size]
};

/// A piece of work: some rows of one sequence at successive positions, some query heads of one kv head.
struct AttentionTile {
  std::int64_t row = 0;  ///< First row.
  int rows = 0;          ///< At most kTileRows.
  int head = 0;          ///< First query head.
  int heads = 0;         ///< At most kTileHeads.

  /// Spans that a row of the tile sees something of: from first_span to before end_span.
  int first_span(const AttentionShape& shape, const AttentionRow* all) const {
    return shape.first_seen(all[row].position) / kSpanPositions;
  }
  int end_span(const AttentionRow* all) const { return all[row + rows - 1].position / kSpanPositions + 1; }
  /// Elements before its first row and head in q and out.
  std::int64_t offset(const AttentionShape& shape) const { return (row * shape.heads + head) * shape.head_size; }
};

std::vector<AttentionTile> plan_attention(const AttentionShape& shape, const AttentionRow* rows, std::int64_t tokens);

}  // namespace hadal::ops
