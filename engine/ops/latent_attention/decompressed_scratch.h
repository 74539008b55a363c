#pragma once

#include <cstdint>

#include "ops/attention/scratch.h"
#include "ops/latent_attention/operands.h"

namespace hadal::ops {

/// Rows of a head's matrix, rounded as a key panel; positions are what a panel calls its rows.
struct MatrixPanels {
  std::uint32_t* words = nullptr;  ///< [panels, kBlockPositions * words of a row]
  float* scales = nullptr;         ///< [panels, kBlockPositions]
  int rows = 0;

  void place(int count, std::int64_t cols, ScratchPlacer& placer) {
    rows = count;
    const std::int64_t padded = (count + kBlockPositions - 1) / kBlockPositions * kBlockPositions;
    words = placer.take<std::uint32_t>(padded * rounded_words(cols));
    scales = placer.take<float>(padded);
  }
};

/// What one thread needs for one head of a run: some 1.5 MB for DeepSeek-V2 and V3 and 512 rows. It does not depend on
/// how many positions there are.
struct DecompressedScratch {
  float* matrix = nullptr;           ///< [padded rows, rank], before it is rounded
  MatrixPanels key_matrix;           ///< [nope, rank]
  MatrixPanels value_matrix;         ///< [value, rank]
  std::uint32_t* latents = nullptr;  ///< [kBlockPositions, words of the rank]
  float* latent_scales = nullptr;    ///< [kBlockPositions, kMostSegments]
  float* keys = nullptr;             ///< [kBlockPositions, key()]
  float* values = nullptr;           ///< [kBlockPositions, value]
  RoundedPanels rounded;             ///< Of these.
  RoundedQueries queries;            ///< [rows]
  SoftmaxSums* sums = nullptr;       ///< [rows]
  float* out = nullptr;              ///< [rows, padded value]

  void place(const LatentShape& s, std::int64_t rows, ScratchPlacer& placer) {
    const std::int64_t most_rows = (std::max(s.nope, s.value) + kPanelRows - 1) / kPanelRows * kPanelRows;
    matrix = placer.take<float>(most_rows * s.rank);
    key_matrix.place(s.nope, s.rank, placer);
    value_matrix.place(s.value, s.rank, placer);
    latents = placer.take<std::uint32_t>(kBlockPositions * rounded_words(s.rank));
    latent_scales = placer.take<float>(std::int64_t{kBlockPositions} * kMostSegments);
    keys = placer.take<float>(static_cast<std::int64_t>(kBlockPositions) * s.key());
    values = placer.take<float>(static_cast<std::int64_t>(kBlockPositions) * s.value);
    rounded.place(s.key(), 0, s.value, placer);
    queries.place(rows, s.key(), placer);
    sums = placer.take<SoftmaxSums>(rows);
    out = placer.take<float>(rows * padded_size(s.value));
  }
};

}  // namespace hadal::ops
