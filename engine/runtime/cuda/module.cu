#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "runtime/cuda_abi.h"

namespace {

void copy_text(char* to, std::size_t capacity, const char* from) {
  std::snprintf(to, capacity, "%s", from);
}

cudaError_t describe_devices(HadalCudaDescription& out) {
  int count = 0;
  if (const cudaError_t error = cudaGetDeviceCount(&count)) return error;
  for (int device = 0; device < std::min<int>(count, HADAL_CUDA_MAX_DEVICES); ++device) {
    cudaDeviceProp properties;
    if (const cudaError_t error = cudaGetDeviceProperties(&properties, device)) return error;
    HadalCudaDevice& entry = out.devices[out.device_count++];
    copy_text(entry.name, sizeof entry.name, properties.name);
    entry.memory_bytes = properties.totalGlobalMem;
    entry.compute_major = properties.major;
    entry.compute_minor = properties.minor;
    entry.multiprocessors = properties.multiProcessorCount;
  }
  return cudaSuccess;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) void hadal_cuda_describe(std::uint32_t caller_abi,
                                                                          HadalCudaDescription* out) {
  out->abi = HADAL_CUDA_ABI;
  copy_text(out->engine_version, sizeof out->engine_version, HADAL_ENGINE_VERSION);
  if (caller_abi != HADAL_CUDA_ABI) return;
  cudaDriverGetVersion(&out->driver_cuda);
  cudaRuntimeGetVersion(&out->runtime_cuda);
  const cudaError_t error = describe_devices(*out);
  out->error = error;
  copy_text(out->error_text, sizeof out->error_text, error == cudaSuccess ? "" : cudaGetErrorString(error));
}
