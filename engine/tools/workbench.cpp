#include "tools/workbench.h"

#include <algorithm>
#include <chrono>

#include "base/text.h"
#include "tools/output.h"

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
  const auto threads = arguments.integer("--threads", 0, 0, 1024);
  if (!threads) return threads.error();
  const auto writing = arguments.integer("--decode-threads", 0, 0, 1024);
  if (!writing) return writing.error();
  const auto context = arguments.integer("--context", 0, 2, 1 << 24);
  if (!context) return context.error();
  const auto experts = arguments.integer("--experts-used", 0, 1, 1 << 16);
  if (!experts) return experts.error();
  options.device = *device;
  options.experts_used = static_cast<int>(*experts);
  options.threads = static_cast<int>(*threads);
  options.writing_threads = static_cast<int>(*writing);
  options.measure_threads = arguments.has("--measure-threads");
  options.context_length = static_cast<int>(*context);
  return options;
}

Result<Workbench> open_workbench(const Arguments& arguments, EngineOptions options, std::uint32_t usual_context) {
  Workbench bench;
  options.log = [](LogLevel, std::string_view sentence) { note(sentence); };
  auto model = Model::load(arguments.positional(0));
  if (!model) return model.error();
  bench.model = std::move(*model);
  if (options.context_length == 0)
    options.context_length = static_cast<int>(std::min(usual_context, bench.model->info().context_length));
  auto engine = Engine::create(bench.model, std::move(options));
  if (!engine) return engine.error();
  bench.engine = std::move(*engine);
  if (auto ready = bench.engine->prepare(nullptr); !ready) return ready.error();
  const auto before = std::chrono::steady_clock::now();
  const bool ahead = arguments.has("--ahead") || arguments.has("--measure-threads");
  while (ahead && bench.engine->work_ahead()) {
  }
  bench.ahead_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
  return bench;
}

Error with_choices(Error error, const Workbench& bench) {
  const auto trained = bench.model->info().context_length;
  if (error.code == ErrorCode::context_full &&
      static_cast<std::uint32_t>(bench.engine->status().context_length) < trained)
    error.message += " Option --context sets its length.";
  return error;
}

}  // namespace hadal::tools
