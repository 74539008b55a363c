#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "ops/attention/panels.h"

namespace hadal::ops {

/// Softmax sums are kept per span of positions and then put together, always at the same borders: spans can be computed
/// on several cores, and the result does not depend on whether they were.
inline constexpr std::int32_t kSpanPositions = 256;
/// Queries (rows times heads) that are computed together at most, to share the reading of keys and values.
inline constexpr int kMostTileSlots = 64;
/// Rows of one sequence that are computed together at most.
inline constexpr int kMostTileRows = 32;

/// Positions whose scores are held at once; a divisor of spans.
inline constexpr int kBlockPanels = 2;
inline constexpr int kBlockPositions = kBlockPanels * kPanelPositions;
/// Pieces of a key that are rounded with scales of their own, at most.
inline constexpr int kMostSegments = 2;
/// Models are checked against it when they are loaded.
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
  int rows = 0;          ///< At most kMostTileRows.
  int head = 0;          ///< First query head.
  int heads = 0;         ///< rows * heads is at most kMostTileSlots.

  int slots() const { return rows * heads; }
  /// Spans that a row of the tile sees something of: from first_span to before end_span.
  int first_span(const AttentionShape& shape, const AttentionRow* all) const {
    return shape.first_seen(all[row].position) / kSpanPositions;
  }
  int end_span(const AttentionRow* all) const { return all[row + rows - 1].position / kSpanPositions + 1; }
  int spans(const AttentionShape& shape, const AttentionRow* all) const {
    return end_span(all) - first_span(shape, all);
  }
  /// Elements before slot s in q and out: its rows' heads one after another.
  std::int64_t offset(const AttentionShape& shape, int s) const {
    return ((row + s / heads) * shape.heads + head + s % heads) * shape.head_size;
  }
};

/// One span of a tile's positions.
struct AttentionPart {
  const AttentionTile* tile = nullptr;
  int span = 0;
};

std::vector<AttentionTile> plan_attention(const AttentionShape& shape, const AttentionRow* rows, std::int64_t tokens);

}  // namespace hadal::ops
