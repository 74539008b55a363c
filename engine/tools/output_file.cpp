#include "tools/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <span>
#include <system_error>
#include <utility>

#include "base/atomic_file.h"
#include "base/text.h"
#include "tools/kept_files.h"
#include "tools/output.h"

namespace hadal::tools {
namespace {

std::string named(const std::string& path) {
  return concat("The file ", printable(path, 4096));
}

Error refused(const std::string& path, std::string_view doing, int number) {
  return {ErrorCode::io, concat(named(path), " cannot be ", doing, ": ", std::generic_category().message(number), ".")};
}

Error no_regular_file(const std::string& path, const struct stat& status) {
  const std::string_view kind = S_ISFIFO(status.st_mode) ? "pipe" : S_ISSOCK(status.st_mode) ? "socket" : "device";
  return {ErrorCode::invalid_argument, concat(named(path), " is a ", kind, "; the output must be a regular file.")};
}

/// Linux's memory devices that take what is written without keeping it, or say that they are full
/// (Documentation/admin-guide/devices.txt: character major 1, minors 3, 5 and 7).
bool swallows(const struct stat& status) {
  if (!S_ISCHR(status.st_mode) || major(status.st_rdev) != 1) return false;
  const auto number = minor(status.st_rdev);
  return number == 3 || number == 5 || number == 7;
}

bool same_file(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

}  // namespace

Result<OutputFile> OutputFile::open(const std::string& path, std::span<const std::string> inputs) {
  if (auto kept = check_output(path, inputs); !kept) return kept.error();
  OutputFile file(path);
  if (auto opened = file.open_descriptor(); !opened) return opened.error();
  if (auto checked = file.check(); !checked) return checked.error();
  return file;
}

Result<void> OutputFile::open_descriptor() {
  // O_NONBLOCK: a pipe that nobody reads is refused (ENXIO) instead of waited for. O_EXCL tells whether the file is
  // ours.
  constexpr int flags = O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  descriptor_ = ::open(path_.c_str(), flags | O_CREAT | O_EXCL, 0666);
  created_ = descriptor_ >= 0;
  if (!created_ && errno == EEXIST) descriptor_ = ::open(path_.c_str(), flags);
  // A link to a file that is not there yet.
  if (descriptor_ < 0 && errno == ENOENT) descriptor_ = ::open(path_.c_str(), flags | O_CREAT, 0666);
  if (descriptor_ >= 0) return {};
  const int number = errno;
  struct stat status {};
  // ENXIO: nobody is at the other end.
  if (number == ENXIO && ::stat(path_.c_str(), &status) == 0) return no_regular_file(path_, status);
  return refused(path_, "opened for writing", number);
}

Result<void> OutputFile::check() {
  struct stat own {
  }, other{};
  if (::fstat(descriptor_, &own) != 0) return refused(path_, "written", errno);
  if (swallows(own)) return {};
  if (!S_ISREG(own.st_mode)) return no_regular_file(path_, own);
  if (::fstat(STDOUT_FILENO, &other) == 0 && same_file(own, other)) {
    return Error{
        ErrorCode::invalid_argument,
        concat(named(path_), " is where the standard output goes, which has a report of its own; choose another.")};
  }
  std::error_code error;
  real_ = std::filesystem::canonical(path_, error).string();
  if (error) return refused(path_, "written", error.value());
  const std::string folder = std::filesystem::path(real_).parent_path().string();
  // Told before the long computation instead of after it.
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    const std::string why = std::generic_category().message(errno);
    return Error{ErrorCode::io,
                 concat(named(path_), " cannot be replaced, because its folder takes no new file: ", why, ".")};
  }
  return {};
}

Result<void> OutputFile::replace(std::string_view bytes) {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) return refused(path_, "written", errno);
  const auto written = S_ISREG(status.st_mode) ? swap_in(bytes) : write_all(descriptor_, bytes, named(path_));
  if (written) created_ = false;
  return written;
}

Result<void> OutputFile::swap_in(std::string_view bytes) {
  auto file = AtomicFile::create(real_, bytes.size());
  if (!file) return file.error();
  if (auto written = file->write(0, std::as_bytes(std::span(bytes))); !written) return written;
  return file->commit();
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      real_(std::move(other.real_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      created_(std::exchange(other.created_, false)) {}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (created_) ::unlink(path_.c_str());
}

}  // namespace hadal::tools
