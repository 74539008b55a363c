#include "tools/kept_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/text.h"

namespace hadal::tools {
namespace {

namespace fs = std::filesystem;

/// Where the files of a source that is no single file lie; empty for one that is.
fs::path source_folder(const fs::path& source) {
  std::error_code error;
  if (fs::is_directory(source, error)) return source;
  const bool one_of_many = source.extension() == ".json" || source.extension() == ".safetensors";
  return one_of_many ? source.parent_path() / "." : fs::path();
}

bool is_file(const fs::path& path, const struct stat& file) {
  struct stat other {};
  return ::stat(path.c_str(), &other) == 0 && other.st_dev == file.st_dev && other.st_ino == file.st_ino;
}

bool is_read(const struct stat& file, const std::string& input) {
  if (input.empty()) return false;
  if (is_file(input, file)) return true;
  std::error_code error;
  const fs::directory_iterator entries(source_folder(input), error);
  return !error && std::any_of(begin(entries), end(entries), [&](const auto& entry) { return is_file(entry, file); });
}

}  // namespace

Result<void> check_output(const std::string& out, std::span<const std::string> inputs) {
  struct stat file {};
  // Devices take what is written without a loss; what is not there yet is nobody's.
  if (::stat(out.c_str(), &file) != 0 || !S_ISREG(file.st_mode)) return {};
  if (std::ranges::none_of(inputs, [&](const std::string& input) { return is_read(file, input); })) return {};
  return Error{ErrorCode::invalid_argument, concat("The file ", printable(out, 4096),
                                                   " is read from and left as it is; choose another for the output.")};
}

}  // namespace hadal::tools
