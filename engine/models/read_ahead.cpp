#include "models/read_ahead.h"

#include <algorithm>
#include <vector>

#include "base/system_memory.h"
#include "models/tensor_use.h"

namespace hadal {
namespace {

Error cancelled() {
  return {ErrorCode::cancelled, "Loading was cancelled."};
}

}  // namespace

Result<void> read_ahead(const Checkpoint& file, LoadControl& control) {
  constexpr std::size_t kChunk = std::size_t{4} << 20, kPage = 4096, kAtOnce = 128 * 1024;
  std::vector<const CheckpointTensor*> wanted, rows;
  std::uint64_t whole = 1, apart = 0, done = 0;
  for (const CheckpointTensor& tensor : file.tensors()) {
    const TensorUse use = tensor_use(file, tensor);
    if (use == TensorUse::rows) {
      rows.push_back(&tensor);
      apart += tensor.bytes();
    }
    if (use != TensorUse::whole) continue;
    wanted.push_back(&tensor);
    whole += tensor.bytes();
  }
  const bool fits = whole + apart <= available_memory();
  for (const CheckpointTensor* tensor : rows) {
    // Each row lies apart: reading on behind it would be for nothing.
    file.advise(*tensor, MappedFile::Advice::random);
    // Into the system's cache, which is no memory of ours: or every token that comes for the first time waits for the
    // disk. Linux reads no more for one call than the disk's queue takes (/sys/block/*/queue/read_ahead_kb), and the
    // caller waits where that is full.
    for (auto rest = tensor->data; fits && !rest.empty(); rest = rest.subspan(std::min(kAtOnce, rest.size()))) {
      if (control.cancel.load()) return cancelled();
      file.advise(rest.first(std::min(kAtOnce, rest.size())), MappedFile::Advice::will_need);
    }
  }
  if (whole > available_memory()) return {};
  unsigned char sum = 0;
  for (const CheckpointTensor* tensor : wanted) {
    file.advise(*tensor, MappedFile::Advice::will_need);
    const auto bytes = tensor->data;
    for (std::size_t first = 0; first < bytes.size(); first += kChunk) {
      if (control.cancel.load()) return cancelled();
      const std::size_t last = std::min(first + kChunk, bytes.size());
      for (std::size_t i = first; i < last; i += kPage)
        sum = static_cast<unsigned char>(sum ^ std::to_integer<unsigned char>(bytes[i]));
      done += last - first;
      control.progress.store(static_cast<float>(static_cast<double>(done) / static_cast<double>(whole)));
    }
  }
  // Keeps the reads: without a use of what they gave the compiler may drop them.
  volatile unsigned char keep = sum;
  static_cast<void>(keep);
  return {};
}

}  // namespace hadal
