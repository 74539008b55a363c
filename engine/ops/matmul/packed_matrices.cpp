#include "ops/matmul/packed_matrices.h"

#include <sys/mman.h>

namespace hadal::ops {

void UnmapMemory::operator()(std::byte* data) const {
  ::munmap(data, bytes);
}

bool PackedMatrices::reserve(std::int64_t bytes) {
  const auto size = static_cast<std::size_t>(bytes);
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return false;
  // Weights are read front to back: large pages spare the processor most of its look-ups. A hint, no more.
  ::madvise(memory, size, MADV_HUGEPAGE);
  memory_ = {static_cast<std::byte*>(memory), UnmapMemory{size}};
  used_ = 0;
  places_.clear();
  return true;
}

void PackedMatrices::add(ComputePool& pool, std::size_t cpu_target, const WeightView& w) {
  std::byte* to = memory_.get() + used_;
  if (!places_.try_emplace(w.data, Place{to, w.rows}).second) return;
  used_ += packed_bytes(w);
  const std::int64_t group_bytes = PackedLayout::of(w.type).group_bytes(w.cols);
  pool.for_range((w.rows + kPackedRows - 1) / kPackedRows, 4, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t group = begin; group < end; ++group) {
      cpu::pack_rows(cpu_target, w, group, to + group * group_bytes);
    }
  });
}

}  // namespace hadal::ops
