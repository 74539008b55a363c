#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "fuzz/entrances/entrance.h"
#include "fuzz/entrances/input.h"
#include "text/jinja_chat_template.h"

// A byte of options; a template; messages and tools as JSON, where they are not left out.
namespace hadal::test {
namespace {

constexpr std::string_view usual_messages =
    R"([{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi <|im_end|> 深渊"},
        {"role": "assistant", "content": "A", "reasoning_content": "T", "tool_calls": [{"id": "1", "type": "function",
         "function": {"name": "f", "arguments": {"a": [1, 2.5, null, true]}}}]},
        {"role": "tool", "content": "12", "tool_call_id": "1"}, {"role": "user", "content": [{"type": "text", "text": "x"}]}])";

// A letter for private use, which no source below holds or can spell, so that only the messages bring it in.
constexpr std::string_view mark = "\xEE\x83\xBF";  // U+E0FF
constexpr std::string_view marked_messages = R"([{"role": "user", "content": "a)"
                                             "\xEE\x83\xBF"
                                             R"( b", "name": ")"
                                             "\xEE\x83\xBF"
                                             R"("},
        {"role": "assistant", "content": " )"
                                             "\xEE\x83\xBF"
                                             R"(", "tool_calls": [{"function":
         {"name": "f)"
                                             "\xEE\x83\xBF"
                                             R"(", "arguments": {"a)"
                                             "\xEE\x83\xBF"
                                             R"(": ")"
                                             "\xEE\x83\xBF"
                                             R"("}}}]}])";

/// Variables of every kind, for templates that look at them.
nlohmann::ordered_json words() {
  std::ifstream file(HADAL_SOURCE_DIR "/tests/data/jinja_language.json");
  nlohmann::ordered_json out = nlohmann::ordered_json::parse(file)["variables"];
  out["bos_token"] = "<s>";
  out["eos_token"] = "</s>";
  return out;
}

TemplateOptions options_of(std::uint8_t byte) {
  TemplateOptions out;
  out.add_generation_prompt = (byte & 1U) != 0;
  out.continue_last_message = (byte & 2U) != 0;
  if ((byte & 4U) != 0) out.thinking = (byte & 8U) != 0;
  out.time = LocalTime{2024, 2, 29, 23, 59, 58};
  return out;
}

std::size_t promise_parts(const std::vector<TextPart>& parts) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    size += parts[i].text.size();
    promise(!parts[i].text.empty(), "an empty part");
    promise(i == 0 || parts[i].literal != parts[i - 1].literal, "neighbours of one kind");
    promise(bool(check_utf8(parts[i].text, "It")), "a part that is no UTF-8");
  }
  return size;
}

bool same(const std::vector<TextPart>& a, const std::vector<TextPart>& b) {
  return std::ranges::equal(
      a, b, [](const TextPart& x, const TextPart& y) { return x.text == y.text && x.literal == y.literal; });
}

/// What persons and models wrote never becomes the template's own words, which may be control tokens.
void promise_literal(const ChatTemplate& chat, std::string_view source, const TemplateOptions& options) {
  // Escapes and character codes could spell the mark.
  if (source.find('\\') != std::string_view::npos || source.find("57599") != std::string_view::npos) return;
  if (source.find(mark) != std::string_view::npos) return;
  const auto parts = chat.parts_of_json(marked_messages, options);
  if (!parts) return;
  for (const TextPart& part : *parts) {
    promise(part.literal || part.text.find(mark) == std::string::npos, "a message's letter among the template's words");
  }
}

}  // namespace

void enter_template(std::string_view bytes) {
  static const nlohmann::ordered_json own = words();
  Input input(bytes);
  TemplateOptions options = options_of(input.byte());
  const std::string_view source = input.section();
  const std::string messages(input.empty() ? usual_messages : input.section());
  options.tools = input.section();
  const auto chat = JinjaChatTemplate::create(source, {}, own);
  if (!chat) return promise_sentence(chat.error(), {}, false);
  const auto parts = (*chat)->parts_of_json(messages, options);
  if (!parts) {
    promise_sentence(parts.error());
  } else {
    const std::size_t size = promise_parts(*parts);
    promise(size < (std::size_t{17} << 20) + 4 * bytes.size(), "a prompt of ", size, " bytes");
    if (size < 10'000) promise(same(*parts, *(*chat)->parts_of_json(messages, options)), "another prompt this time");
  }
  promise_literal(**chat, source, options);
}

}  // namespace hadal::test
