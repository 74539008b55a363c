#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
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

/// Packed copies of matrices (ops/matmul/packed.h), found by where the originals lie. One thread at a time changes it.
class PackedMatrices {
 public:
  /// Called with the bytes of rows that were packed and will not be read again, once their matrix is packed whole.
  using Release = std::function<void(std::span<const std::byte>)>;

  /// Takes memory for so many bytes of packed matrices, of which none is touched yet; false where there is none.
  [[nodiscard]] bool reserve(std::int64_t bytes, Release release = {});
  /// Whether no matrix has a place.
  bool empty() const { return places_.empty(); }
  /// Whether the rows of a matrix that is packed are still read where they lay.
  enum class Original { released, kept };
  /// Gives a matrix its place; packed_bytes() must have some for it, and be reserved. A matrix added twice counts once.
  void add(const WeightView& w, Original original = Original::released);
  /// Packs those of the matrices that have a place and are not packed yet.
  void pack(ComputePool& pool, std::size_t cpu_target, std::span<const WeightView> matrices);
  /// The view with `packed` set, where there is such a copy of the whole matrix.
  WeightView find(WeightView w) const {
    const auto found = places_.find(w.data);
    if (found != places_.end() && found->second.packed && found->second.rows == w.rows) w.packed = found->second.data;
    return w;
  }

 private:
  struct Place {
    std::byte* data;
    std::int64_t rows;
    Original original;
    bool packed = false;
  };

  void pack_matrix(ComputePool& pool, std::size_t cpu_target, const WeightView& w, const Place& place) const;

  std::unique_ptr<std::byte, UnmapMemory> memory_;
  std::int64_t used_ = 0;
  std::unordered_map<const std::byte*, Place> places_;
  Release release_;
};

}  // namespace hadal::ops
