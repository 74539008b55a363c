#pragma once

#include <sys/stat.h>

#include <span>
#include <string>
#include <string_view>

#include "hadal/result.h"

namespace hadal::tools {

/// A file that a long computation will write. Opening it first tells at once, and without waiting, whether it can be
/// written; its old content stays until replace() has succeeded. One thread at a time.
class OutputFile {
 public:
  /// `path` must be a regular file or one that can be created, or one of the system's /dev/null, /dev/zero, /dev/full;
  /// pipes and other devices, where a writer may wait for ever, and folders are refused. So are the files of `inputs`,
  /// which are being read (see check_output()), and the file that stdout goes to.
  static Result<OutputFile> open(const std::string& path, std::span<const std::string> inputs);

  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  /// A file that open() created goes away again unless replace() filled it.
  ~OutputFile();

  /// Writes beside the file and takes its place in one step, so that it always has its old content or all of the new;
  /// mode and, where the system lets us, owner are kept. A failure leaves the old one.
  Result<void> replace(std::string_view bytes);

 private:
  explicit OutputFile(std::string path) : path_(std::move(path)) {}
  Result<void> open_descriptor();
  Result<void> check();
  Result<void> swap_in(std::string_view bytes);

  std::string path_;
  std::string real_;  ///< Of a regular file: where links lead.
  int descriptor_ = -1;
  bool created_ = false;
};

}  // namespace hadal::tools
