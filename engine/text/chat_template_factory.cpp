#include "text/chat_template_factory.h"

#include "base/text.h"
#include "text/jinja_lexer.h"
#include "text/uniform_chat_template.h"

namespace hadal {

Result<std::unique_ptr<const ChatTemplate>> make_chat_template(const GgufFile& file) {
  static constexpr std::string_view key = "tokenizer.chat_template";
  const auto name = file.string_or("general.name", file.name());
  if (!name) return name.error();
  const std::string model = printable(name->empty() ? std::string_view(file.name()) : *name);
  if (!file.has(key)) {
    return file.error(ErrorCode::not_found, concat("the model ", model, " carries no chat template (metadata ", key,
                                                   "): it continues text, but does not chat."));
  }
  const auto source = file.string(key);
  if (!source) return source.error();
  const auto nodes = lex_jinja(*source);
  if (!nodes) {
    return file.error(nodes.error().code, concat("the chat template of the model ", model, " (metadata ", key,
                                                 ") is malformed: ", nodes.error().message, "."));
  }
  if (auto uniform = UniformChatTemplate::recognise(*nodes)) return uniform;
  return file.error(ErrorCode::unsupported, concat("the model ", model, " carries a chat template (metadata ", key,
                                                   ") that this version of Hadal does not understand."));
}

Result<std::string> ChatTemplate::render(std::span<const ChatMessage> messages, bool add_generation_prompt) const {
  const auto pieces = parts(messages, add_generation_prompt);
  if (!pieces) return pieces.error();
  std::string out;
  for (const TextPart& part : *pieces) out += part.text;
  return out;
}

}  // namespace hadal
