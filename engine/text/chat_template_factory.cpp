#include "text/chat_template_factory.h"

#include "base/text.h"
#include "text/builtin_templates.h"
#include "text/jinja/unicode.h"
#include "text/jinja_chat_template.h"

namespace hadal {
namespace {

constexpr std::string_view kKey = "tokenizer.chat_template";
/// A second one for conversations with tools (llama.cpp's converter writes transformers' named templates so).
constexpr std::string_view kToolKey = "tokenizer.chat_template.tool_use";

std::string model_name(const Checkpoint& file) {
  const auto name = file.string_or("general.name", file.name());
  return printable(name && !name->empty() ? *name : std::string_view(file.name()));
}

/// The spellings templates refer to, by the names transformers gives them.
nlohmann::ordered_json special_words(const Checkpoint& file) {
  static constexpr std::pair<std::string_view, const char*> words[] = {{"bos", "bos_token"},
                                                                       {"eos", "eos_token"},
                                                                       {"unknown", "unk_token"},
                                                                       {"padding", "pad_token"},
                                                                       {"seperator", "sep_token"}};
  nlohmann::ordered_json out = nlohmann::ordered_json::object();
  const auto tokens = file.strings("tokenizer.ggml.tokens");
  for (const auto& [key, name] : words) {
    const auto id = file.u32(concat("tokenizer.ggml.", key, "_token_id"));
    if (tokens && id && *id < tokens->size()) out[name] = jinja::valid_utf8((*tokens)[*id]);
  }
  return out;
}

Result<std::unique_ptr<const ChatTemplate>> stand_in(const Checkpoint& file, std::string_view problem) {
  if (!file.has("tokenizer.ggml.tokens")) {
    return file.error(ErrorCode::not_found, concat("the model ", model_name(file), " ", problem, " (metadata ", kKey,
                                                   "), and no vocabulary to tell which one would suit it."));
  }
  std::string why;
  const BuiltinTemplate& built_in = builtin_template(file, why);
  ChatTemplate::Origin origin{true, std::string(built_in.name), {}};
  origin.reason = concat("The model ", model_name(file), " ", problem, "; Hadal's own \"", built_in.name,
                         "\" stands in, because ", why, ".");
  return JinjaChatTemplate::create(built_in.source, std::move(origin), special_words(file));
}

}  // namespace

Result<std::unique_ptr<const ChatTemplate>> make_chat_template(const Checkpoint& file) {
  if (!file.has(kKey)) return stand_in(file, "carries no chat template");
  const auto source = file.string(kKey);
  if (!source) return stand_in(file, "carries a chat template that is no text");
  const auto with_tools = file.string(kToolKey);
  auto made = JinjaChatTemplate::create(
      *source, {false, {}, concat("The model ", model_name(file), " carries this chat template.")}, special_words(file),
      with_tools ? *with_tools : std::string_view());
  if (made) return made;
  return stand_in(file, concat("carries a chat template that cannot be understood, ", made.error().message));
}

Result<std::unique_ptr<const ChatTemplate>> make_chat_template(const Checkpoint& file, std::string_view source) {
  auto made = JinjaChatTemplate::create(source, {false, {}, "This chat template was given."}, special_words(file));
  if (made) return made;
  return Error{made.error().code, concat("The chat template cannot be understood, ", made.error().message, ".")};
}

}  // namespace hadal
