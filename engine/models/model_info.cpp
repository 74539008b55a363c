#include "models/model_info.h"

#include <algorithm>

#include "base/text.h"
#include "models/open_checkpoint.h"
#include "text/pre_tokenizer.h"

namespace hadal {
namespace {

/// Names of tensors that hold a layer's routed experts one after another, ffn_gate_exps, ffn_up_exps, ffn_gate_up_exps
/// ..., or one of them: blk.3.ffn_gate.17.weight.
bool holds_experts(std::string_view name) {
  if (name.find("_exps.") != std::string_view::npos) return true;
  if (name.find(".ffn_") == std::string_view::npos || !name.ends_with(".weight")) return false;
  name.remove_suffix(std::string_view(".weight").size());
  const std::string_view number = name.substr(name.rfind('.') + 1);
  return !number.empty() && number.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Elements of one token's path through the tensor: of the experts only those that are used.
std::uint64_t active_elements(const CheckpointTensor& tensor, std::uint64_t experts, std::uint64_t used) {
  if (experts == 0 || used >= experts || !holds_experts(tensor.name)) return tensor.elements;
  __extension__ typedef unsigned __int128 Wide;
  return static_cast<std::uint64_t>(Wide{tensor.elements} * used / experts);
}

Result<void> count_parameters(const Checkpoint& file, ModelInfo& info) {
  const auto experts = file.u32_or(info.architecture + ".expert_count", 0);
  if (!experts) return experts.error();
  const auto used = file.u32_or(info.architecture + ".expert_used_count", *experts);
  if (!used) return used.error();
  for (const CheckpointTensor& tensor : file.tensors()) {
    // No overflow: the tensors do not overlap in the file, so together they have at most 8 elements per byte of it.
    info.parameters += tensor.elements;
    info.active_parameters += active_elements(tensor, *experts, *used);
    ++info.tensor_types[std::string(dtype_traits(tensor.type).name)];
  }
  // Published figures of Mixture-of-Experts models (DeepSeek-V2-Lite: 2.4 of 15.7 billion) leave the token table out,
  // of which a token reads one row; unless it is the output matrix as well.
  const CheckpointTensor* table = file.find_tensor("token_embd.weight");
  const bool sparse = info.active_parameters < info.parameters;
  if (sparse && table != nullptr && file.find_tensor("output.weight") != nullptr) {
    info.active_parameters -= table->elements - table->shape[0];
  }
  return {};
}

Result<std::uint32_t> vocabulary(const Checkpoint& file) {
  const GgufValue* tokens = file.value("tokenizer.ggml.tokens");
  if (tokens == nullptr) return std::uint32_t{0};
  if (tokens->type != GgufType::array) {
    const auto wrong = file.strings("tokenizer.ggml.tokens");
    return wrong.error();
  }
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(tokens->count, UINT32_MAX));
}

Result<std::string> tokenizer_kind(const Checkpoint& file) {
  const auto model = file.string_or("tokenizer.ggml.model", "none");
  if (!model) return model.error();
  const auto rules = file.string_or("tokenizer.ggml.pre", "");
  if (!rules) return rules.error();
  if (*model != "gpt2") return rules->empty() ? printable(*model) : concat(printable(*model), "/", printable(*rules));
  const auto kind = pre_tokenizer_name(file);
  if (!kind) return kind.error();
  return concat("gpt2/", printable(kind->name), kind->assumed ? " (assumed: the file does not say)" : "");
}

}  // namespace

Result<ModelInfo> model_info(const Checkpoint& file) {
  ModelInfo info;
  const auto architecture = file.string("general.architecture");
  if (!architecture) return architecture.error();
  info.architecture = printable(*architecture);
  const auto name = file.string_or("general.name", file.name());
  if (!name) return name.error();
  info.name = printable(name->empty() ? std::string_view(file.name()) : *name, 256);

  const auto number = [&](std::string_view key, std::uint32_t& out) -> Result<void> {
    const auto value = file.u32_or(concat(*architecture, ".", key), 0);
    if (!value) return value.error();
    out = *value;
    return {};
  };
  if (auto done = number("context_length", info.context_length); !done) return done.error();
  if (auto done = number("block_count", info.layers); !done) return done.error();
  if (auto done = number("embedding_length", info.embedding_length); !done) return done.error();
  if (auto done = count_parameters(file, info); !done) return done.error();

  const auto tokens = vocabulary(file);
  if (!tokens) return tokens.error();
  info.vocabulary = *tokens;
  auto kind = tokenizer_kind(file);
  if (!kind) return kind.error();
  info.tokenizer = std::move(*kind);
  info.file_bytes = file.file_bytes();
  return info;
}

Result<ModelInfo> inspect_model(const std::filesystem::path& path) {
  const auto file = open_checkpoint(path);
  if (!file) return file.error();
  return model_info(*file);
}

}  // namespace hadal
