#include "ops/matmul/packed_matrices.h"

#include <sys/mman.h>

#include <algorithm>

namespace hadal::ops {

void UnmapMemory::operator()(std::byte* data) const {
  ::munmap(data, bytes);
}

bool PackedMatrices::reserve(std::int64_t bytes, Release release) {
  const auto size = static_cast<std::size_t>(bytes);
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return false;
  // Weights are read front to back: large pages spare the processor most of its look-ups. A hint, no more.
  ::madvise(memory, size, MADV_HUGEPAGE);
  memory_ = {static_cast<std::byte*>(memory), UnmapMemory{size}};
  used_ = 0;
  places_.clear();
  release_ = std::move(release);
  return true;
}

void PackedMatrices::add(const WeightView& w, Original original) {
  if (places_.try_emplace(w.data, Place{memory_.get() + used_, w.rows, original}).second) used_ += packed_bytes(w);
}

/// Some rows after others, so that of a large matrix, too, only a part is held twice.
void PackedMatrices::pack_matrix(ComputePool& pool, std::size_t cpu_target, const WeightView& w,
                                 const Place& place) const {
  constexpr std::int64_t kPartBytes = 16 << 20;
  const std::int64_t group_bytes = PackedLayout::of(w.type).group_bytes(w.cols);
  const std::int64_t part = std::max<std::int64_t>(1, kPartBytes / group_bytes);
  const std::int64_t groups = (w.rows + kPackedRows - 1) / kPackedRows;
  for (std::int64_t first = 0; first < groups; first += part) {
    const std::int64_t count = std::min(part, groups - first);
    pool.for_range(count, 4, [&](std::int64_t begin, std::int64_t end, int) {
      for (std::int64_t group = first + begin; group < first + end; ++group) {
        cpu::pack_rows(cpu_target, w, group, place.data + group * group_bytes);
      }
    });
    const std::int64_t row = first * kPackedRows, rows = std::min(count * kPackedRows, w.rows - row);
    if (release_ && place.original == Original::released)
      release_({w.row(row), static_cast<std::size_t>(rows * w.row_bytes())});
  }
}

void PackedMatrices::pack(ComputePool& pool, std::size_t cpu_target, std::span<const WeightView> matrices) {
  for (const WeightView& w : matrices) {
    const auto place = places_.find(w.data);
    if (place == places_.end() || place->second.packed) continue;
    pack_matrix(pool, cpu_target, w, place->second);
    place->second.packed = true;
  }
}

}  // namespace hadal::ops
