#include "base/atomic_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/text.h"

namespace hadal {
namespace {

constexpr int kMostTries = 100;

/// Where links lead; the last of them may point at nothing yet.
std::filesystem::path followed(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::path at = path;
  for (int links = 0; links < 40 && std::filesystem::is_symlink(at, error); ++links) {
    const auto target = std::filesystem::read_symlink(at, error);
    if (error) break;
    at = target.is_absolute() ? target : at.parent_path() / target;
  }
  return at;
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

constexpr std::string_view kPartBegins = ".hadal-", kPartEnds = ".part";

/// ".hadal-PROCESS-NUMBER.part"
bool is_part(std::string_view name) {
  if (name.size() <= kPartBegins.size() + kPartEnds.size()) return false;
  if (!name.starts_with(kPartBegins) || !name.ends_with(kPartEnds)) return false;
  name.remove_prefix(kPartBegins.size());
  name.remove_suffix(kPartEnds.size());
  return std::ranges::all_of(name, [](char c) { return c == '-' || (c >= '0' && c <= '9'); });
}

/// Whoever writes a part holds its lock, which the system takes back however the process ends. Numbers of processes
/// tell less: they are given anew, and mean nothing to a container that shares the folder.
void remove_if_abandoned(const std::filesystem::path& part) {
  const int descriptor = ::open(part.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (descriptor < 0) return;
  struct stat own {
  }, named{};
  if (::fstat(descriptor, &own) == 0 && S_ISREG(own.st_mode) && ::flock(descriptor, LOCK_EX | LOCK_NB) == 0 &&
      ::lstat(part.c_str(), &named) == 0 && own.st_dev == named.st_dev && own.st_ino == named.st_ino) {
    ::unlink(part.c_str());
  }
  ::close(descriptor);
}

void remove_abandoned(const std::filesystem::path& folder) {
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (is_part(at->path().filename().string())) remove_if_abandoned(at->path());
  }
}

/// False if another process took the new part for an abandoned one before it was locked.
bool lock_part(int descriptor) {
  // Where a file system has no locks, no part can be taken for an abandoned one.
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) return errno != EWOULDBLOCK;
  struct stat status {};
  return ::fstat(descriptor, &status) != 0 || status.st_nlink > 0;
}

}  // namespace

Error AtomicFile::refused(int system_error) const {
  const std::string why = std::generic_category().message(system_error);
  const std::string name = concat("The file ", printable(path_.string(), 4096));
  if (system_error == ENOSPC || system_error == EDQUOT) {
    return {ErrorCode::io, concat(name, " cannot be written: ", why, ". It needs ", human_bytes(bytes_), " in all.")};
  }
  return {ErrorCode::io, concat(name, " cannot be written: ", why, ".")};
}

Result<AtomicFile> AtomicFile::create(const std::filesystem::path& path, std::uint64_t bytes) {
  AtomicFile file(path, bytes);
  file.real_ = followed(path);
  struct stat status {};
  if (::stat(file.real_.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    return Error{ErrorCode::invalid_argument,
                 concat("The file ", printable(path.string(), 4096), " is a ",
                        S_ISDIR(status.st_mode) ? "folder" : "device or pipe", "; the output must be a regular file.")};
  }
  if (!file.real_.has_filename()) return file.refused(EISDIR);
  // First, as they may fill the disk.
  remove_abandoned(folder_of(file.real_));
  if (auto opened = file.open(); !opened) return opened.error();
  if (auto room = file.check_room(); !room) return room.error();
  if (auto mode = file.take_over_mode(); !mode) return mode.error();
  return file;
}

Result<void> AtomicFile::open() {
  // Names of our own instead of mkstemp's: the mode then follows the umask, as that of any new file.
  int number = EEXIST;
  for (int i = 0; i < kMostTries && number == EEXIST; ++i) {
    const auto part = folder_of(real_) / concat(kPartBegins, ::getpid(), "-", i, kPartEnds);
    const int descriptor = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor < 0) {
      number = errno;
    } else if (lock_part(descriptor)) {
      beside_ = part;
      descriptor_ = descriptor;
      return {};
    } else {
      ::close(descriptor);
    }
  }
  return refused(number);
}

Result<void> AtomicFile::check_room() const {
  struct statvfs disk {};
  if (::fstatvfs(descriptor_, &disk) != 0) return {};
  __extension__ typedef unsigned __int128 Wide;
  const Wide room = Wide{disk.f_bavail} * disk.f_frsize;
  // Some network and FUSE file systems know nothing of their size.
  if (disk.f_blocks == 0 || room >= bytes_) return {};
  return Error{ErrorCode::io,
               concat("The file ", printable(path_.string(), 4096), " needs ", human_bytes(bytes_),
                      ", and its disk has ", human_bytes(static_cast<std::uint64_t>(room)), " left. Free some space.")};
}

Result<void> AtomicFile::take_over_mode() const {
  struct stat old {};
  if (::stat(real_.c_str(), &old) != 0) return {};
  // Another owner may be out of our power; what counts is the content. Before the mode, which this may narrow.
  static_cast<void>(!::fchown(descriptor_, old.st_uid, old.st_gid));
  return ::fchmod(descriptor_, old.st_mode & 07777) == 0 ? Result<void>() : refused(errno);
}

Result<void> AtomicFile::write(std::uint64_t offset, std::span<const std::byte> bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return refused(errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return {};
}

Result<void> AtomicFile::commit() {
  // The tail may be a gap that nobody wrote.
  if (::ftruncate(descriptor_, static_cast<off_t>(bytes_)) != 0) return refused(errno);
  if (::fsync(descriptor_) != 0) return refused(errno);
  // The lock is that of both, and stays until the part has its name.
  const int lock = ::fcntl(descriptor_, F_DUPFD_CLOEXEC, 0);
  // Some file systems (NFS, quotas) tell of a full disk only here.
  int number = ::close(std::exchange(descriptor_, -1)) != 0 ? errno : 0;
  if (number == 0 && ::rename(beside_.c_str(), real_.c_str()) != 0) number = errno;
  if (lock >= 0) ::close(lock);
  if (number != 0) return refused(number);
  beside_.clear();
  const int folder = ::open(folder_of(real_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return {};
  // The new name survives a power cut as well; where a folder cannot be synced the system does so in its own time.
  static_cast<void>(::fsync(folder));
  ::close(folder);
  return {};
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)),
      real_(std::move(other.real_)),
      beside_(std::exchange(other.beside_, {})),
      bytes_(other.bytes_),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!beside_.empty()) ::unlink(beside_.c_str());
}

}  // namespace hadal
