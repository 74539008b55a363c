#pragma once

#include <filesystem>

#include "hadal/result.h"

namespace hadal {

/// A shared library opened at run time: the GPU module, a plugin. Libraries run with the person's rights, so only
/// files that lie in the program's own folder and that nobody else can change are opened.
class NativeLibrary {
 public:
  /// ../lib/hadal beside the folder of the running program's real file: /opt/hadal/lib/hadal of
  /// /opt/hadal/bin/hadal, whatever link or working folder the program was started by.
  static Result<std::filesystem::path> own_folder();

  /// Opens an absolute path; nothing is searched, neither the working folder nor LD_LIBRARY_PATH. Refused
  /// (unavailable) with a sentence: a file that is missing, incomplete or no library; a link that leads out of its
  /// folder; a file or folder that other users may write. The library stays in memory until the program ends.
  static Result<NativeLibrary> open(const std::filesystem::path& file);

  /// Null if there is none of that name.
  void* symbol(const char* name) const;

 private:
  explicit NativeLibrary(void* handle) : handle_(handle) {}
  void* handle_;
};

}  // namespace hadal
