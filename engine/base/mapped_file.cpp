#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include "base/mapped_file_registry.h"
#include "base/text.h"

namespace hadal {
namespace {

Error system_error(const std::filesystem::path& path, std::string_view doing, int number) {
  const ErrorCode code = number == ENOENT || number == ENOTDIR ? ErrorCode::not_found
                         : number == ENOMEM                    ? ErrorCode::out_of_memory
                                                               : ErrorCode::io;
  return {code, concat(printable(path.string(), 4096), " cannot be ", doing, ": ",
                       std::generic_category().message(number), ".")};
}

struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

}  // namespace

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a pipe nobody writes to must not wait for ever.
  Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.number < 0) return system_error(path, "opened", errno);
  struct stat status {};
  if (::fstat(file.number, &status) != 0) return system_error(path, "read", errno);
  if (S_ISDIR(status.st_mode)) return system_error(path, "read", EISDIR);
  if (!S_ISREG(status.st_mode)) {
    return Error{ErrorCode::invalid_argument, concat(printable(path.string(), 4096), " is not a regular file.")};
  }
  if (status.st_size == 0) return MappedFile();
  const auto size = static_cast<std::size_t>(status.st_size);
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.number, 0);
  if (data == MAP_FAILED) return system_error(path, "mapped into memory", errno);
  return MappedFile(static_cast<const std::byte*>(data), size, std::exchange(file.number, -1));
}

MappedFile::MappedFile(const std::byte* data, std::size_t size, int descriptor)
    : data_(data),
      size_(size),
      descriptor_(descriptor),
      entry_(MappedFileRegistry::add(std::span(data, size), descriptor)) {}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      entry_(std::exchange(other.entry_, MappedFileRegistry::none)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(entry_, other.entry_);
  return *this;
}

MappedFile::~MappedFile() {
  MappedFileRegistry::remove(entry_);
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
  if (descriptor_ >= 0) ::close(descriptor_);
}

void MappedFile::advise(std::span<const std::byte> part, Advice advice) const {
  if (part.empty()) return;
  const int flag = advice == Advice::sequential  ? MADV_SEQUENTIAL
                   : advice == Advice::random    ? MADV_RANDOM
                   : advice == Advice::will_need ? MADV_WILLNEED
                                                 : MADV_DONTNEED;
  // madvise wants a page's first byte, at which the mapping itself starts. Reading what lies beside a part that is
  // needed no more brings pages of it back, as many as the kernel maps around each one that is asked for; so these go
  // as well.
  const std::size_t unit =
      advice == Advice::dont_need ? kFaultAround : static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto start = reinterpret_cast<std::uintptr_t>(data_), first = reinterpret_cast<std::uintptr_t>(part.data());
  const std::uintptr_t begin = std::max(start, first / unit * unit);
  const std::uintptr_t end = std::min(start + size_, (first + part.size() + unit - 1) / unit * unit);
  ::madvise(const_cast<std::byte*>(data_) + (begin - start), end - begin, flag);
}

}  // namespace hadal
