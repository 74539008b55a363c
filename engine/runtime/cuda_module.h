#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "hadal/native_library.h"
#include "hadal/result.h"

namespace hadal {

struct CudaDevice {
  std::string name;
  std::uint64_t memory_bytes = 0;
  int compute_capability = 0;  ///< 10 * major + minor, 90 for Hopper.
  int multiprocessors = 0;
};

/// The GPU half of the engine, opened at run time.
class CudaModule {
 public:
  /// Where the module belongs: in the program's own library folder.
  static Result<std::filesystem::path> expected_path();

  /// Opens the module at an absolute path, checks that it is of this very engine version, and asks for its devices.
  /// Errors (unavailable) say what is missing: the module, the driver, a device; or which two versions differ.
  static Result<CudaModule> open(const std::filesystem::path& file);

  const std::vector<CudaDevice>& devices() const { return devices_; }  ///< Never empty.
  /// For a kernel's entry; null if the module has none of that name.
  void* symbol(const char* name) const { return library_.symbol(name); }

 private:
  CudaModule(NativeLibrary library, std::vector<CudaDevice> devices)
      : library_(library), devices_(std::move(devices)) {}
  NativeLibrary library_;
  std::vector<CudaDevice> devices_;
};

}  // namespace hadal
