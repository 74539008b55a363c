#include "models/huggingface/chat_template.h"

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "formats/json_file.h"

namespace hadal::huggingface {
namespace {

using Json = nlohmann::json;

constexpr std::string_view key = "tokenizer.chat_template";
constexpr std::uint64_t max_template_bytes = 1'000'000;

bool is_there(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

Result<void> add_file(const std::filesystem::path& path, CheckpointBuilder& out) {
  const auto file = MappedFile::open(path);
  if (!file) return file.error();
  const auto bytes = file->bytes();
  if (bytes.size() > max_template_bytes) {
    return out.so_far().error(ErrorCode::invalid_file,
                              concat("chat_template.jinja is ", human_bytes(bytes.size()), "; at most ",
                                     human_bytes(max_template_bytes), " are allowed."));
  }
  out.add_string(key, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  return {};
}

Result<void> add_value(const Json& value, std::string_view file, CheckpointBuilder& out) {
  const auto wrong = [&] {
    return out.so_far().error(ErrorCode::invalid_file,
                              concat(file, ": chat_template is neither text nor a list of names and templates."));
  };
  if (value.is_string()) {
    out.add_string(key, value.get_ref<const std::string&>());
    return {};
  }
  if (!value.is_array()) return wrong();
  for (const Json& one : value) {
    const bool whole = one.is_object() && one.contains("name") && one["name"].is_string() && one.contains("template") &&
                       one["template"].is_string();
    if (!whole) return wrong();
    const auto& name = one["name"].get_ref<const std::string&>();
    out.add_string(name == "default" ? std::string(key) : concat(key, ".", name),
                   one["template"].get_ref<const std::string&>());
  }
  return {};
}

}  // namespace

Result<void> add_chat_template(const std::filesystem::path& folder, const Json& tokenizer_config,
                               CheckpointBuilder& out) {
  if (is_there(folder / "chat_template.jinja")) return add_file(folder / "chat_template.jinja", out);
  const auto own = tokenizer_config.find("chat_template");
  if (own != tokenizer_config.end() && !own->is_null()) return add_value(*own, "tokenizer_config.json", out);
  if (!is_there(folder / "chat_template.json")) return {};
  const auto apart = read_json_object(folder / "chat_template.json", max_template_bytes);
  if (!apart) return out.so_far().error(apart.error().code, apart.error().message);
  const auto value = apart->find("chat_template");
  return value == apart->end() || value->is_null() ? Result<void>() : add_value(*value, "chat_template.json", out);
}

}  // namespace hadal::huggingface
