#include "models/huggingface/folder.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "formats/json_file.h"
#include "models/huggingface/families.h"
#include "models/huggingface/own_names.h"
#include "models/huggingface/shards.h"
#include "models/huggingface/tensors.h"
#include "models/huggingface/tokenizer.h"

namespace hadal::huggingface {
namespace {

constexpr std::uint64_t max_config_bytes = 16'000'000;

/// Weights that were quantised: DeepSeek's 8-bit blocks are read, nothing else.
void check_quantisation(ConfigReader& config) {
  ConfigReader quantisation =
      config.object(config.has("compression_config") ? "compression_config" : "quantization_config");
  if (!config.has("quantization_config") && !config.has("compression_config")) return;
  const std::string method = quantisation.text_or("quant_method", "");
  if (method != "fp8") {
    return config.unsupported(concat("quantization_config.quant_method is \"", printable(method),
                                     "\"; fp8 with blocks of 128 x 128 is the only one this version reads. Get the "
                                     "model's unquantised files, or a GGUF file."));
  }
  if (const std::string format = quantisation.text_or("fmt", "e4m3"); format != "e4m3") {
    config.unsupported(concat("quantization_config.fmt is \"", printable(format), "\"; e4m3 is supported."));
  }
  const auto* block = quantisation.find("weight_block_size");
  if (block == nullptr || *block != nlohmann::json{128, 128}) {
    config.unsupported("quantization_config.weight_block_size is not [128, 128].");
  }
}

/// What a person would call the model: the folder's name, or in the cache of Hugging Face's own tools
/// (models--deepseek-ai--DeepSeek-V3/snapshots/REVISION) the repository's.
std::string name_of(const std::filesystem::path& given) {
  auto folder = given.lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  const std::string repository = folder.parent_path().parent_path().filename().string();
  if (folder.parent_path().filename() == "snapshots" && repository.starts_with("models--")) {
    return repository.substr(repository.rfind("--") + 2);
  }
  const std::string name = folder.filename().string();
  return name.empty() || name == "." || name == ".." ? "model" : name;
}

Result<Checkpoint> open_checked(const std::filesystem::path& folder) {
  CheckpointBuilder out(name_of(folder));
  const std::string& name = out.so_far().name();
  std::error_code ignored;
  if (!std::filesystem::exists(folder / "config.json", ignored)) {
    return out.so_far().error(ErrorCode::not_found,
                              "the folder has no config.json: it is no model as Hugging Face publishes them. Give a "
                              "GGUF file, or a folder with config.json, tokenizer.json and safetensors files.");
  }
  const auto json = read_json_object(folder / "config.json", max_config_bytes);
  if (!json) return out.so_far().error(json.error().code, json.error().message);
  const nlohmann::json language = language_model(*json);
  ConfigReader config(language, name, "config.json");
  const Family* family = find_family(config);
  if (family == nullptr) return config.result().error();
  check_quantisation(config);
  if (!config.result()) return config.result().error();
  out.add_string("general.architecture", family->architecture);
  out.add_string("general.name", name);
  out.name_by(own_names(config, *family));
  KeyWriter keys(out, family->architecture);
  const auto tensors = open_shards(folder, out);
  if (!tensors) return tensors.error();
  const bool drafts = std::ranges::any_of(
      *tensors, [](const ShardTensor& one) { return one.tensor.name.ends_with(".eh_proj.weight"); });
  write_keys(config, *family, drafts, keys);
  if (!config.result()) return config.result().error();
  if (auto done = add_tensors(*tensors, config, *family, out); !done) return done.error();
  if (auto done = add_tokenizer(folder, language, config.count("vocab_size"), out); !done) return done.error();
  return std::move(out).take();
}

}  // namespace

Result<Checkpoint> open_folder(const std::filesystem::path& folder) {
  try {
    return open_checked(folder);
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::out_of_memory,
                 concat("The system has no memory left to read ", printable(folder.string()), ".")};
  }
}

}  // namespace hadal::huggingface
