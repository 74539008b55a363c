#pragma once

#include "ops/attention/scratch.h"
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

/// Queries in the latents' space, rounded: the latent's part and the rope part are segments of their own, since what
/// turns may be much larger than the latent, which alone is a value as well.
struct LatentQueries {
  std::uint32_t* words = nullptr;  ///< [rows, heads, words_of_query()]
  float* scales = nullptr;         ///< [rows, heads, kMostSegments], the scores' scale included
};

constexpr std::int64_t words_of_query(const LatentShape& s) {
  return rounded_words(s.rank) + rounded_words(s.rope);
}

/// Some heads of a tile over one span of positions.
struct LatentPart {
  const LatentTile* tile;
  std::int32_t begin, end;  ///< Positions.
  int head, heads;          ///< The first and how many.
  LatentQueries queries;    ///< Of the tile's rows.
  SoftmaxSums* sums;        ///< [tile rows, shape.heads]
  float* out;               ///< [tile rows, shape.heads, padded rank], not yet divided by the
                            ///< sums
};

/// Rows of a head's matrix that are made float32 at once.
inline constexpr int kPanelRows = 4;

}  // namespace hadal::ops
