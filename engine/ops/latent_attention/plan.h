#pragma once

#include <cstdint>
#include <vector>

#include "ops/latent_attention/latent_attention.h"

namespace hadal::ops {

/// Rows of one sequence at successive positions, and how they are computed.
struct LatentRun {
  std::int64_t row = 0;  ///< First row.
  std::int64_t rows = 0;
  LatentMode mode = LatentMode::absorbed;  ///< Never automatic.
};

/// The runs of a batch. An automatic mode becomes, for a run of n rows that see `seen` positions at most and `mean` on
/// average, the one with fewer multiplications per head:
///   absorbed      n * rank * (nope + value) + n * mean * (2 * rank + rope)
///   decompressed  seen * rank * (nope + value) + n * mean * (nope + rope + value)
/// Fewer than 32 rows are always absorbed, so that drafts give the same bits as tokens that come one by one.
std::vector<LatentRun> plan_latents(const LatentShape& shape, const AttentionRow* rows, std::int64_t tokens,
                                    LatentMode mode);

/// Positions of a span: absorbed attention keeps softmax sums per span and then puts them together, so that cores can
/// share one row. It depends on the row's position alone, and with it the result to the last bit. At most 32 spans.
std::int32_t latent_span(std::int32_t position);

/// Rows of an absorbed run that are computed together, to share the reading of latents; all have the same span.
struct LatentTile {
  std::int64_t row = 0;
  int rows = 0;
  std::int32_t span = 0;  ///< Positions.
  int spans = 0;
};

std::vector<LatentTile> tile_latents(const LatentShape& shape, const AttentionRow* rows, const LatentRun& run);

}  // namespace hadal::ops
