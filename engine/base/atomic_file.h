#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "hadal/result.h"

namespace hadal {

/// A file that is written beside its place and takes it in one step when it is complete, so that whoever opens the
/// place finds the old content or all of the new. Unless commit() succeeds, nothing of it stays; what a process that
/// was killed could not clear away goes with the next file that is written in the folder.
class AtomicFile {
 public:
  /// `path` names a regular file, which will be replaced and whose mode and, where the system lets us, owner are kept,
  /// or nothing yet; links are followed. `bytes`: the size to come. Refused before a byte is written if the disk has no
  /// room for it.
  static Result<AtomicFile> create(const std::filesystem::path& path, std::uint64_t bytes);

  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();

  /// Any part in any order, from any thread. What is never written reads as zeros.
  Result<void> write(std::uint64_t offset, std::span<const std::byte> bytes) const;

  /// Waits until the disk has everything, then renames. Nothing may be written afterwards.
  Result<void> commit();

  /// Failures in sentences that name the file: "The file F cannot be written: No space left on device."
  Error refused(int system_error) const;

 private:
  AtomicFile(std::filesystem::path path, std::uint64_t bytes) : path_(std::move(path)), bytes_(bytes) {}
  Result<void> open();
  Result<void> check_room() const;
  Result<void> take_over_mode() const;

  std::filesystem::path path_;  ///< As it was given, for sentences.
  std::filesystem::path real_;  ///< Where links lead.
  std::filesystem::path beside_;
  std::uint64_t bytes_;
  int descriptor_ = -1;
};

}  // namespace hadal
