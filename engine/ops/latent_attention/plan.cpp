#include "ops/latent_attention/plan.h"

#include <algorithm>

namespace hadal::ops {
namespace {

/// Queries (rows times heads) of a tile at most: their partial outputs are written once per span.
constexpr int kMostQueries = 256;
constexpr int kMostTileRows = 8;
constexpr std::int32_t kLeastSpan = 256, kMostSpans = 32;

/// A block of positions and a head's matrices are made ready for all rows at once: fewer do not pay for it.
constexpr std::int64_t kLeastDecompressedRows = 32;

LatentMode cheaper(const LatentShape& shape, std::int64_t first_position, std::int64_t rows) {
  if (rows < kLeastDecompressedRows) return LatentMode::absorbed;
  const double n = static_cast<double>(rows), seen = static_cast<double>(first_position + rows);
  const double mean = static_cast<double>(first_position) + (n + 1) / 2;
  const double expand = static_cast<double>(shape.rank) * (shape.nope + shape.value);
  const double absorbed = n * (expand + mean * (2 * shape.rank + shape.rope));
  const double decompressed = seen * expand + n * mean * (shape.key() + shape.value);
  return absorbed <= decompressed ? LatentMode::absorbed : LatentMode::decompressed;
}

}  // namespace

std::vector<LatentRun> plan_latents(const LatentShape& shape, const AttentionRow* rows, std::int64_t tokens,
                                    LatentMode mode) {
  std::vector<LatentRun> runs;
  for (std::int64_t row = 0; row < tokens;) {
    std::int64_t count = 1;
    while (row + count < tokens && rows[row + count].blocks == rows[row].blocks &&
           rows[row + count].position == rows[row].position + count) {
      ++count;
    }
    runs.push_back({row, count, mode == LatentMode::automatic ? cheaper(shape, rows[row].position, count) : mode});
    row += count;
  }
  return runs;
}

std::int32_t latent_span(std::int32_t position) {
  std::int64_t span = kLeastSpan;
  while (span * kMostSpans <= position) span *= 2;
  return static_cast<std::int32_t>(span);
}

std::vector<LatentTile> tile_latents(const LatentShape& shape, const AttentionRow* rows, const LatentRun& run) {
  const std::int64_t most = std::clamp(kMostQueries / shape.heads, 1, kMostTileRows);
  std::vector<LatentTile> tiles;
  for (std::int64_t row = run.row; row < run.row + run.rows;) {
    const std::int32_t span = latent_span(rows[row].position);
    std::int64_t count = 1;
    while (count < most && row + count < run.row + run.rows && latent_span(rows[row + count].position) == span) ++count;
    tiles.push_back({row, static_cast<int>(count), span, rows[row + count - 1].position / span + 1});
    row += count;
  }
  return tiles;
}

}  // namespace hadal::ops
