#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>

#include "base/text.h"
#include "hadal/result.h"

namespace hadal {

/// Memory for numbers, aligned to a cache line (which is also the widest SIMD register). Not initialised.
class AlignedBuffer {
 public:
  static constexpr std::size_t alignment = 64;

  AlignedBuffer() = default;
  /// Fails with out_of_memory instead of throwing. Zero bytes give an empty buffer.
  static Result<AlignedBuffer> create(std::size_t bytes) {
    AlignedBuffer buffer;
    if (bytes == 0) return buffer;
    const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
    if (rounded < bytes) return refused(bytes);
    buffer.data_.reset(static_cast<std::byte*>(std::aligned_alloc(alignment, rounded)));
    if (!buffer.data_) return refused(bytes);
    buffer.size_ = bytes;
    return buffer;
  }

  std::byte* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(data_.get());
  }

 private:
  static Error refused(std::size_t bytes) {
    return {ErrorCode::out_of_memory, concat("The system has no ", human_bytes(bytes), " of memory left to give.")};
  }
  struct Free {
    void operator()(std::byte* data) const { std::free(data); }
  };
  std::unique_ptr<std::byte, Free> data_;
  std::size_t size_ = 0;
};

}  // namespace hadal
