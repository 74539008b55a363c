#include "runtime/cuda_module.h"

#include <algorithm>
#include <string_view>
#include <system_error>

#include "base/text.h"
#include "hadal/engine.h"
#include "runtime/cuda_abi.h"

namespace hadal {
namespace {

Error unavailable(std::string sentence) {
  return {ErrorCode::unavailable, std::move(sentence)};
}

/// "13.0" of 13000.
std::string cuda_version(int number) {
  return concat(number / 1000, ".", number % 1000 / 10);
}

Result<void> check_version(const HadalCudaDescription& description, const std::filesystem::path& file) {
  const char* end = std::find(std::begin(description.engine_version), std::end(description.engine_version), '\0');
  const std::string_view version(description.engine_version, end);
  if (version != engine_version()) {
    return unavailable(concat("The GPU module ", file.string(), " is of version ", printable(version),
                              ", but this is Hadal ", engine_version(), ". Install both of the same version."));
  }
  if (description.abi != HADAL_CUDA_ABI) {
    return unavailable(concat("The GPU module ", file.string(), " speaks interface ", description.abi,
                              ", but this engine speaks ", HADAL_CUDA_ABI, ". Install both from one build."));
  }
  return {};
}

Result<void> check_devices(const HadalCudaDescription& description) {
  if (description.driver_cuda == 0) {
    return unavailable("No NVIDIA driver is installed, or it is not running, so the GPU cannot be used.");
  }
  // A driver serves every runtime of its own major version and of older ones.
  if (description.driver_cuda / 1000 < description.runtime_cuda / 1000) {
    return unavailable(concat("The NVIDIA driver knows CUDA ", cuda_version(description.driver_cuda),
                              ", but the GPU module needs ", cuda_version(description.runtime_cuda),
                              ". Install a newer driver."));
  }
  if (description.error != 0) {
    return unavailable(
        concat("The NVIDIA driver refused: ", description.error_text, " (CUDA error ", description.error, ")."));
  }
  if (description.device_count <= 0) return unavailable("The NVIDIA driver found no GPU in this machine.");
  return {};
}

std::vector<CudaDevice> devices_of(const HadalCudaDescription& description) {
  std::vector<CudaDevice> devices;
  const int count = std::min<int>(description.device_count, HADAL_CUDA_MAX_DEVICES);
  for (const HadalCudaDevice* device = description.devices; device != description.devices + count; ++device) {
    devices.push_back({.name = device->name,
                       .memory_bytes = device->memory_bytes,
                       .compute_capability = 10 * device->compute_major + device->compute_minor,
                       .multiprocessors = device->multiprocessors});
  }
  return devices;
}

}  // namespace

Result<std::filesystem::path> CudaModule::expected_path() {
  auto folder = NativeLibrary::own_folder();
  if (!folder) return folder.error();
  return *folder / "libhadal_engine_cuda.so";
}

Result<CudaModule> CudaModule::open(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    return unavailable(concat("The GPU module is not installed (", file.string(), " does not exist)."));
  }
  const auto library = NativeLibrary::open(file);
  if (!library) return unavailable(concat("The GPU module cannot be used: ", library.error().message));
  const auto describe = reinterpret_cast<HadalCudaDescribe>(library->symbol(HADAL_CUDA_DESCRIBE));
  if (!describe) return unavailable(concat(file.string(), " is not a GPU module of Hadal."));
  HadalCudaDescription description{};
  describe(HADAL_CUDA_ABI, &description);
  if (const auto same = check_version(description, file); !same) return same.error();
  if (const auto usable = check_devices(description); !usable) return usable.error();
  return CudaModule(*library, devices_of(description));
}

CudaStatus cuda_status() {
  const auto path = CudaModule::expected_path();
  if (!path) return {.available = false, .reason = path.error().message};
  const auto module = CudaModule::open(*path);
  if (!module) return {.available = false, .reason = module.error().message};
  return {.available = true, .reason = {}};
}

const char* engine_version() {
  return HADAL_ENGINE_VERSION;
}

}  // namespace hadal
