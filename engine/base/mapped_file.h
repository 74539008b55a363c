#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>

#include "hadal/result.h"

namespace hadal {

/// Linux maps, where one page is asked for, what it has of the file in this many bytes around it
/// (/sys/kernel/debug/fault_around_bytes).
inline constexpr std::size_t kFaultAround = 64 * 1024;

/// A regular file's bytes, mapped read-only for as long as the object lives. Movable; the bytes stay where they are.
/// Reading is safe from any thread. A file that another program shortens while it is mapped makes reads past its new
/// end fault (SIGBUS), as does a disk that fails: model files are to be replaced by rename, not rewritten in place.
/// MappedFileRegistry tells whether that happened; a program survives it with survive_bus_error (hadal/mapped_files.h).
class MappedFile {
 public:
  static Result<MappedFile> open(const std::filesystem::path& path);
  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  /// Empty for an empty file.
  std::span<const std::byte> bytes() const { return {data_, size_}; }
  /// Whether `part` is some of bytes().
  bool holds(std::span<const std::byte> part) const {
    const std::less_equal<const std::byte*> before;
    return !part.empty() && before(data_, part.data()) && before(part.data() + part.size(), data_ + size_);
  }

  enum class Advice {
    sequential,  ///< Read once, front to back: read ahead, keep little.
    random,      ///< No read-ahead.
    will_need,   ///< Start reading now, in the background.
    dont_need,   ///< The process needs no memory for it until it is read again.
  };
  /// A hint for part of bytes(); `part` may have any alignment. Never fails visibly.
  void advise(std::span<const std::byte> part, Advice advice) const;

 private:
  MappedFile(const std::byte* data, std::size_t size, int descriptor);
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  int descriptor_ = -1;  ///< Kept open to see whether the file is still as long as it was.
  int entry_ = -1;       ///< In the registry.
};

}  // namespace hadal
