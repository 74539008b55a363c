#pragma once

#include <cstdint>

// What the engine and its GPU module agree on: plain C types, since the two are built by different compilers and
// meet at run time. A module of another ABI number is refused before anything else of it is used.

#define HADAL_CUDA_ABI 1U

extern "C" {

typedef struct HadalCudaDevice {
  char name[256];
  std::uint64_t memory_bytes;
  std::int32_t compute_major;  ///< 9 of "compute capability 9.0".
  std::int32_t compute_minor;
  std::int32_t multiprocessors;
} HadalCudaDevice;

enum { HADAL_CUDA_MAX_DEVICES = 16 };

typedef struct HadalCudaDescription {
  // These two keep their place in every ABI.
  std::uint32_t abi;
  char engine_version[28];  ///< Zero-terminated.

  std::int32_t driver_cuda;   ///< Newest CUDA the driver knows, 1000 * major + 10 * minor; 0: there is no driver.
  std::int32_t runtime_cuda;  ///< CUDA the module was built with, likewise.
  std::int32_t error;         ///< cudaError_t of asking for the devices; 0: none.
  char error_text[256];
  std::int32_t device_count;  ///< Entries of `devices` that are filled in.
  HadalCudaDevice devices[HADAL_CUDA_MAX_DEVICES];
} HadalCudaDescription;

/// The module's one fixed entry. Fills in `abi` and `engine_version`, and the rest if `caller_abi` is its own.
/// Never throws; starts no thread.
typedef void (*HadalCudaDescribe)(std::uint32_t caller_abi, HadalCudaDescription* out);

}  // extern "C"

#define HADAL_CUDA_DESCRIBE "hadal_cuda_describe"
