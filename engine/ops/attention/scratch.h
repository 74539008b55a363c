#pragma once

#include <cstddef>
#include <cstdint>

#include "ops/attention/plan.h"
#include "ops/attention/rounded.h"

namespace hadal::ops {

/// Lays arrays out one behind another, on cache lines.
class ScratchPlacer {
 public:
  explicit ScratchPlacer(std::byte* base) : base_(base) {}

  /// Null where the base is: to count only.
  template <class T>
  T* take(std::int64_t count) {
    T* at = base_ ? reinterpret_cast<T*>(base_ + used_) : nullptr;
    used_ += (static_cast<std::size_t>(count) * sizeof(T) + 63) / 64 * 64;
    return at;
  }
  std::size_t used() const { return used_; }

 private:
  std::byte* base_;
  std::size_t used_ = 0;
};

/// Some slots' queries, rounded.
struct RoundedQueries {
  std::uint32_t* queries = nullptr;  ///< [slots, query_stride]
  float* query_scales = nullptr;     ///< [slots, kMostSegments]
  std::int64_t query_stride = 0;

  void place(std::int64_t slots, std::int64_t size, ScratchPlacer& placer) {
    query_stride = rounded_words(size);
    queries = placer.take<std::uint32_t>(slots * query_stride);
    query_scales = placer.take<float>(slots * kMostSegments);
  }
};

/// Panels of a block's keys, of one or two segments, and values.
struct RoundedPanels {
  std::uint32_t* keys = nullptr;    ///< A key panel of both segments.
  std::uint32_t* values = nullptr;  ///< A value panel.
  float* key_scales = nullptr;      ///< [kMostSegments, kBlockPositions]
  float* value_scales = nullptr;    ///< [kBlockPositions]

  void place(std::int64_t first_segment, std::int64_t second_segment, std::int64_t value, ScratchPlacer& placer) {
    keys = placer.take<std::uint32_t>(kBlockPositions * (rounded_words(first_segment) + rounded_words(second_segment)));
    values = placer.take<std::uint32_t>(kBlockPositions / 2 * padded_size(value));
    key_scales = placer.take<float>(std::int64_t{kMostSegments} * kBlockPositions);
    value_scales = placer.take<float>(kBlockPositions);
  }
};

}  // namespace hadal::ops
