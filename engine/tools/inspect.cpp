#include <nlohmann/json.hpp>

#include "base/text.h"
#include "hadal/memory_forecast.h"
#include "hadal/model.h"
#include "tools/arguments.h"
#include "tools/output.h"

namespace hadal::tools {
namespace {

nlohmann::ordered_json as_json(const MemoryForecast& memory) {
  return {
      {"context_length", memory.context_length}, {"total_bytes", memory.total()}, {"weight_bytes", memory.weights},
      {"expert_bytes", memory.experts},          {"cache_bytes", memory.cache},   {"working_bytes", memory.working}};
}

/// A model that cannot run has no forecast: null.
std::string as_json(const ModelInfo& info, const Result<MemoryForecast>& memory) {
  const nlohmann::ordered_json json = {
      {"architecture", info.architecture},
      {"name", info.name},
      {"parameters", info.parameters},
      {"active_parameters", info.active_parameters},
      {"context_length", info.context_length},
      {"layers", info.layers},
      {"embedding_length", info.embedding_length},
      {"vocabulary", info.vocabulary},
      {"tensor_types", info.tensor_types},
      {"tokenizer", info.tokenizer},
      {"file_bytes", info.file_bytes},
      {"memory", memory ? as_json(*memory) : nlohmann::ordered_json()},
  };
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string billions(std::uint64_t count) {
  char text[48];
  const bool many = count >= 1'000'000'000;
  std::snprintf(text, sizeof text, "%.1f %s", static_cast<double>(count) / (many ? 1e9 : 1e6),
                many ? "billion" : "million");
  return text;
}

std::string as_text(const Result<MemoryForecast>& memory) {
  if (!memory) return "cannot run";
  std::string out = concat(human_bytes(memory->total()), " with a text of ", memory->context_length,
                           " tokens (weights ", human_bytes(memory->weights));
  if (memory->experts > 0) out += concat(", experts ", human_bytes(memory->experts));
  return out + concat(", cache ", human_bytes(memory->cache), ", working ", human_bytes(memory->working), ")");
}

std::string as_text(const ModelInfo& info, const Result<MemoryForecast>& memory) {
  std::string types;
  for (const auto& [type, count] : info.tensor_types) types += concat(types.empty() ? "" : ", ", count, " x ", type);
  std::string parameters = billions(info.parameters);
  if (info.active_parameters < info.parameters) parameters += concat(", ", billions(info.active_parameters), " active");
  return concat("name            ", info.name, "\narchitecture    ", info.architecture, "\nparameters      ",
                parameters, "\ncontext length  ", info.context_length, " tokens\nlayers          ", info.layers,
                "\nembedding       ", info.embedding_length, "\nvocabulary      ", info.vocabulary,
                "\ntensors         ", types.empty() ? "none" : types, "\ntokenizer       ", info.tokenizer,
                "\nfile            ", human_bytes(info.file_bytes), "\nmemory          ", as_text(memory), "\n");
}

int run(const Arguments& arguments) {
  const auto context = arguments.integer("--context", 0, 2, 1 << 24);
  if (!context) return fail_usage(context.error());
  const auto info = inspect_model(arguments.positional(0));
  if (!info) return fail(info.error());
  const auto memory = forecast_memory(arguments.positional(0), static_cast<int>(*context));
  return print(arguments.has("--json") ? as_json(*info, memory) : as_text(*info, memory));
}

}  // namespace

Command inspect_command() {
  return {{"inspect",
           "Says what a model file holds, without loading it.",
           {"MODEL"},
           {{"--json", "", "Write JSON."},
            {"--context", "N", "Forecast the memory for N tokens (default: the model's, at most 8192)"}}},
          run};
}

}  // namespace hadal::tools
