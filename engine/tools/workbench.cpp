#include "tools/workbench.h"

#include <charconv>

#include "base/text.h"

namespace hadal::tools {
namespace {

Result<Device> parse_device(const std::string& name) {
  if (name == "auto") return Device::automatic;
  if (name == "cpu") return Device::cpu;
  if (name == "cuda") return Device::cuda;
  if (name == "reference") return Device::reference;
  return Error{ErrorCode::invalid_argument,
               concat("Option --device takes auto, cpu, cuda or reference, not \"", printable(name), "\".")};
}

}  // namespace

Result<EngineOptions> engine_options(const Arguments& arguments) {
  EngineOptions options;
  const auto device = parse_device(arguments.value("--device").value_or("auto"));
  if (!device) return device.error();
  const auto threads = arguments.integer("--threads", 0, 1, 256);
  if (!threads) return threads.error();
  const auto context = arguments.integer("--context", 0, 2, 1 << 24);
  if (!context) return context.error();
  options.device = *device;
  options.threads = static_cast<int>(*threads);
  options.context_length = static_cast<int>(*context);
  return options;
}

Result<Workbench> open_workbench(const Arguments& arguments, const EngineOptions& options) {
  Workbench bench;
  auto model = Model::load(arguments.positional(0));
  if (!model) return model.error();
  bench.model = std::move(*model);
  auto engine = Engine::create(bench.model, options);
  if (!engine) return engine.error();
  bench.engine = std::move(*engine);
  return bench;
}

Result<std::vector<TokenId>> parse_ids(std::string_view text) {
  std::vector<TokenId> ids;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (;;) {
    TokenId id = 0;
    const auto [next, error] = std::from_chars(at, end, id);
    const bool more = next != end && *next == ',';
    if (error != std::errc() || (next != end && !more)) {
      return Error{ErrorCode::invalid_argument,
                   concat("Option --ids takes token numbers with commas between them; \"",
                          printable(std::string_view(at, end), 24), "\" does not begin with one.")};
    }
    ids.push_back(id);
    if (!more) return ids;
    at = next + 1;
  }
}

}  // namespace hadal::tools
