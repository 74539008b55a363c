#include "tools/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/text.h"
#include "base/utf8.h"

namespace hadal::tools {
namespace {

struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

Error refused(const std::string& path, std::string_view doing, int number) {
  return {number == ENOENT ? ErrorCode::not_found : ErrorCode::io,
          concat("The file ", printable(path, 4096), " cannot be ", doing, ": ",
                 std::generic_category().message(number), ".")};
}

Error unfit(const std::string& path, std::string_view what) {
  return {ErrorCode::invalid_argument, concat("The file ", printable(path, 4096), " ", what)};
}

std::string_view kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "is a folder";
  if (S_ISFIFO(mode)) return "is a pipe";
  return "is a device";
}

Result<std::string> read_all(int descriptor, const std::string& path, std::uint64_t most) {
  constexpr std::size_t chunk = std::size_t{1} << 20;
  std::string text;
  for (;;) {
    const std::size_t before = text.size();
    text.resize(before + chunk);
    const ssize_t got = ::read(descriptor, text.data() + before, chunk);
    text.resize(before + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refused(path, "read", errno);
    if (got == 0) return text;
    if (text.size() > most)
      return unfit(path, concat("is larger than ", human_bytes(most), ", the most that is read."));
  }
}

}  // namespace

Result<std::string> read_text_file(const std::string& path, std::uint64_t most) {
  // O_NONBLOCK: opening a pipe nobody writes to must not wait for ever.
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  if (file.number < 0) return refused(path, "opened", errno);
  struct stat status {};
  if (::fstat(file.number, &status) != 0) return refused(path, "read", errno);
  if (!S_ISREG(status.st_mode)) return unfit(path, concat(kind_of(status.st_mode), "; it must be a regular file."));
  if (static_cast<std::uint64_t>(status.st_size) > most) {
    return unfit(path, concat("has ", human_bytes(static_cast<std::uint64_t>(status.st_size)), "; at most ",
                              human_bytes(most), " are read."));
  }
  auto text = read_all(file.number, path, most);
  if (!text) return text;
  if (auto valid = check_utf8(*text, concat("The file ", printable(path, 4096))); !valid) return valid.error();
  return text;
}

}  // namespace hadal::tools
