#include <nlohmann/json.hpp>

#include "base/text.h"
#include "hadal/model.h"
#include "tools/arguments.h"
#include "tools/output.h"

namespace hadal::tools {
namespace {

std::string as_json(const ModelInfo& info) {
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

std::string as_text(const ModelInfo& info) {
  std::string types;
  for (const auto& [type, count] : info.tensor_types) types += concat(types.empty() ? "" : ", ", count, " x ", type);
  std::string parameters = billions(info.parameters);
  if (info.active_parameters < info.parameters) parameters += concat(", ", billions(info.active_parameters), " active");
  return concat("name            ", info.name, "\narchitecture    ", info.architecture, "\nparameters      ",
                parameters, "\ncontext length  ", info.context_length, " tokens\nlayers          ", info.layers,
                "\nembedding       ", info.embedding_length, "\nvocabulary      ", info.vocabulary,
                "\ntensors         ", types.empty() ? "none" : types, "\ntokenizer       ", info.tokenizer,
                "\nfile            ", human_bytes(info.file_bytes), "\n");
}

int run(const Arguments& arguments) {
  const auto info = inspect_model(arguments.positional(0));
  if (!info) return fail(info.error());
  return print(arguments.has("--json") ? as_json(*info) : as_text(*info));
}

}  // namespace

Command inspect_command() {
  return {{"inspect", "Says what a model file holds, without loading it.", {"MODEL"}, {{"--json", "", "Write JSON."}}},
          run};
}

}  // namespace hadal::tools
