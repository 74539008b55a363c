#include "hadal/native_library.h"

#include <dlfcn.h>
#include <elf.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "base/text.h"

namespace hadal {
namespace {

Error unavailable(std::string sentence) {
  return {ErrorCode::unavailable, std::move(sentence)};
}

/// Writable by everybody; a sticky folder (/tmp) counts as well, since anybody can put a file there first.
Result<void> not_writable_by_others(const std::filesystem::path& path) {
  struct stat state {};
  if (stat(path.c_str(), &state) != 0) {
    return unavailable(concat(path.string(), " cannot be read: ", std::strerror(errno), "."));
  }
  if ((state.st_mode & S_IWOTH) != 0) {
    return unavailable(
        concat(path.string(), " may be written by every user of this machine, so no code is loaded from it."));
  }
  return {};
}

template <class Header>
bool read_at(std::ifstream& in, std::uint64_t offset, Header& header) {
  in.seekg(static_cast<std::streamoff>(offset));
  return static_cast<bool>(in.read(reinterpret_cast<char*>(&header), sizeof header));
}

/// Whether every part the file's headers name is there. The system's loader does not look and dies of a bus error
/// on a file that was cut short, by a full disk for instance.
bool is_complete_library(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(file, error);
  Elf64_Ehdr header;
  if (error || !read_at(in, 0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_type != ET_DYN || header.e_phentsize != sizeof(Elf64_Phdr)) {
    return false;
  }
  const auto inside = [size](std::uint64_t offset, std::uint64_t bytes) {
    return offset <= size && bytes <= size - offset;
  };
  if (!inside(header.e_shoff, std::uint64_t{header.e_shnum} * header.e_shentsize)) return false;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const std::uint64_t at = i * sizeof(Elf64_Phdr);
    Elf64_Phdr segment;
    if (!inside(header.e_phoff, at + sizeof segment) || !read_at(in, header.e_phoff + at, segment)) return false;
    if (!inside(segment.p_offset, segment.p_filesz)) return false;
  }
  return header.e_phnum > 0;
}

/// The file itself; a link is followed only within its folder.
Result<std::filesystem::path> own_file(const std::filesystem::path& file) {
  std::error_code error;
  if (!file.is_absolute()) return unavailable(concat(file.string(), " is no absolute path."));
  const auto real = std::filesystem::canonical(file, error);
  if (error) return unavailable(concat(file.string(), " cannot be read: ", error.message(), "."));
  const auto folder = std::filesystem::canonical(file.parent_path(), error);
  if (error || real.parent_path() != folder) {
    return unavailable(
        concat(file.string(), " is a link to ", real.string(), ", outside its folder, and is not opened."));
  }
  if (const auto safe = not_writable_by_others(folder); !safe) return safe.error();
  if (const auto safe = not_writable_by_others(real); !safe) return safe.error();
  return real;
}

}  // namespace

Result<std::filesystem::path> NativeLibrary::own_folder() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return unavailable(concat("The running program's own file cannot be found: ", error.message(), "."));
  return program.parent_path().parent_path() / "lib" / "hadal";
}

Result<NativeLibrary> NativeLibrary::open(const std::filesystem::path& file) {
  const auto real = own_file(file);
  if (!real) return real.error();
  if (!is_complete_library(*real)) {
    return unavailable(concat(real->string(), " is incomplete or no library. Install it again."));
  }
  // Unloading is not safe for every library (the CUDA runtime), so none is.
  void* handle = dlopen(real->c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!handle) {
    const char* why = dlerror();
    return unavailable(concat(real->string(), " could not be loaded: ", why ? why : "no reason given", "."));
  }
  return NativeLibrary(handle);
}

void* NativeLibrary::symbol(const char* name) const {
  return dlsym(handle_, name);
}

}  // namespace hadal
