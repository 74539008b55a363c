#pragma once

#include "ops/attention/plan.h"
#include "ops/latent_attention/layout.h"
#include "ops/latent_attention/plan.h"

namespace hadal::ops {

struct LatentOperands {
  const Context& context;
  const LatentShape& shape;
  const LatentWeights& weights;
  const KvLayerView& cache;
  const AttentionRow* rows;  ///< [tokens]
  const float* q;            ///< [tokens, heads, key()]
  float* out;                ///< [tokens, heads, value]
};

/// Some heads of a tile over one span of positions.
struct LatentPart {
  const LatentTile* tile;
  std::int32_t begin, end;  ///< Positions.
  int head, heads;          ///< The first and how many.
  const float* query;       ///< [tile rows, shape.heads, row()]
  SoftmaxSums* sums;        ///< [tile rows, shape.heads]
  float* out;               ///< [tile rows, shape.heads, rank], not yet divided by the sums
};

/// Rows of a head's matrix that are made float32 at once.
inline constexpr int kPanelRows = 4;

}  // namespace hadal::ops
