#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>

#include "base/compute_pool.h"
#include "ops/matmul/packed.h"

namespace hadal::ops {

struct UnmapMemory {
  std::size_t bytes = 0;
  void operator()(std::byte* data) const;
};

/// Packed copies of matrices (ops/matmul/packed.h), found by where the originals lie.
class PackedMatrices {
 public:
  PackedMatrices() = default;
  PackedMatrices(PackedMatrices&&) = default;
  PackedMatrices& operator=(PackedMatrices&&) = default;

  /// Takes memory for so many bytes of packed matrices, of which none is touched yet; false where there is none.
  [[nodiscard]] bool reserve(std::int64_t bytes);
  /// Packs a matrix that packed_bytes() has bytes for; the memory must have been reserved. Packed twice it counts once.
  void add(ComputePool& pool, std::size_t cpu_target, const WeightView& w);

  std::int64_t bytes() const { return used_; }
  /// The view with `packed` set, where there is such a copy of the whole matrix.
  WeightView find(WeightView w) const {
    const auto found = places_.find(w.data);
    if (found != places_.end() && found->second.rows == w.rows) w.packed = found->second.data;
    return w;
  }

 private:
  struct Place {
    const std::byte* data;
    std::int64_t rows;
  };
  std::unique_ptr<std::byte, UnmapMemory> memory_;
  std::int64_t used_ = 0;
  std::unordered_map<const std::byte*, Place> places_;
};

}  // namespace hadal::ops
