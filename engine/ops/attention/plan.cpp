#include "ops/attention/plan.h"

#include <algorithm>

namespace hadal::ops {

std::vector<AttentionTile> plan_attention(const AttentionShape& shape, const AttentionRow* rows, std::int64_t tokens) {
  const int group = shape.heads / shape.kv_heads;
  const int heads = std::min(group, kMostTileSlots);
  const int most_rows = std::min(kMostTileSlots / heads, kMostTileRows);
  std::vector<AttentionTile> tiles;
  for (std::int64_t row = 0; row < tokens;) {
    int count = 1;
    while (count < most_rows && row + count < tokens && rows[row + count].blocks == rows[row].blocks &&
           rows[row + count].position == rows[row].position + count) {
      ++count;
    }
    for (int head = 0; head < shape.heads; head += group) {
      for (int first = 0; first < group; first += heads) {
        tiles.push_back({row, count, head + first, std::min(heads, group - first)});
      }
    }
    row += count;
  }
  return tiles;
}

}  // namespace hadal::ops
