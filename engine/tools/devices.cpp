#include <nlohmann/json.hpp>

#include "base/text.h"
#include "hadal/engine.h"
#include "runtime/cuda_module.h"
#include "tools/arguments.h"
#include "tools/output.h"

namespace hadal::tools {
namespace {

std::string line_of(const CudaDevice& device) {
  return concat("cuda  ", device.name, ", ", human_bytes(device.memory_bytes), ", compute capability ",
                device.compute_capability / 10, ".", device.compute_capability % 10, ", ", device.multiprocessors,
                " multiprocessors\n");
}

std::string as_text(const Result<CudaModule>& module) {
  std::string out = "cpu   always\n";
  if (!module) return concat(out, "cuda  not available: ", module.error().message, "\n");
  for (const CudaDevice& device : module->devices()) out += line_of(device);
  return out;
}

std::string as_json(const Result<CudaModule>& module) {
  nlohmann::ordered_json cuda = {{"available", static_cast<bool>(module)}};
  cuda["reason"] = module ? "" : module.error().message;
  cuda["devices"] = nlohmann::ordered_json::array();
  if (module) {
    for (const CudaDevice& device : module->devices()) {
      cuda["devices"].push_back({{"name", device.name},
                                 {"memory_bytes", device.memory_bytes},
                                 {"compute_capability", device.compute_capability},
                                 {"multiprocessors", device.multiprocessors}});
    }
  }
  const nlohmann::ordered_json json = {{"engine_version", engine_version()}, {"cuda", cuda}};
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Result<CudaModule> open_module() {
  const auto path = CudaModule::expected_path();
  if (!path) return path.error();
  return CudaModule::open(*path);
}

int run(const Arguments& arguments) {
  const auto module = open_module();
  return print(arguments.has("--json") ? as_json(module) : as_text(module));
}

}  // namespace

Command devices_command() {
  return {{"devices",
           "What the engine can compute on, and if the GPU cannot be used the reason.",
           {},
           {{"--json", "", "Write JSON."}}},
          run};
}

}  // namespace hadal::tools
