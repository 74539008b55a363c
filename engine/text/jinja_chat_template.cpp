#include "text/jinja_chat_template.h"

#include <ctime>

#include "base/text.h"
#include "base/utf8.h"
#include "text/bounded_json.h"
#include "text/jinja/unicode.h"

namespace hadal {
namespace {

using nlohmann::ordered_json;

Error invalid(std::string sentence) {
  return {ErrorCode::invalid_argument, std::move(sentence)};
}

/// A message as templates know it from transformers.
ordered_json as_json(const ChatMessage& message) {
  ordered_json out{{"role", jinja::valid_utf8(message.role)}, {"content", jinja::valid_utf8(message.content)}};
  if (!message.thinking.empty()) out["reasoning_content"] = jinja::valid_utf8(message.thinking);
  for (const ToolCall& call : message.tool_calls) {
    // What is no object, because a model wrote it so, stays the text it is.
    auto arguments = parse_bounded_json(call.arguments);
    if (!arguments.is_object()) arguments = jinja::valid_utf8(call.arguments);
    out["tool_calls"].push_back(
        {{"id", jinja::valid_utf8(call.id)},
         {"type", "function"},
         {"function", {{"name", jinja::valid_utf8(call.name)}, {"arguments", std::move(arguments)}}}});
  }
  if (!message.tool_call_id.empty()) out["tool_call_id"] = jinja::valid_utf8(message.tool_call_id);
  return out;
}

/// The text an answer to be continued consists of; null if it has none.
ordered_json* open_text(ordered_json& message) {
  if (!message.is_object() || !message.contains("content")) return nullptr;
  ordered_json& content = message["content"];
  if (content.is_string()) return &content;
  if (!content.is_array()) return nullptr;
  for (auto block = content.rbegin(); block != content.rend(); ++block) {
    if (block->is_object() && block->contains("text") && (*block)["text"].is_string()) return &(*block)["text"];
  }
  return nullptr;
}

// Marks the end of the message to be continued, as transformers does it: the space tells whether the template trims.
// Noncharacters, which no text holds (Unicode 16, section 23.7).
constexpr std::string_view kMark =
    "\xF4\x8F\xBF\xBE"
    "continue"
    "\xF4\x8F\xBF\xBF";

Result<jinja::Text> cut_at_mark(const jinja::Text& text) {
  const std::size_t at = text.view().rfind(kMark);
  if (at == std::string_view::npos) {
    return invalid("The answer cannot be continued: the chat template leaves it out or changes it.");
  }
  const bool keeps_space = text.view().substr(at + kMark.size()).starts_with(' ');
  jinja::Text out = text.slice(0, at);
  return keeps_space ? out : out.slice(0, at - jinja::trailing_space(out.view()));
}

bool is_mistake(const Result<jinja::Text>& result) {
  return !result && result.error().code == ErrorCode::invalid_file;
}

/// Arguments as texts, for the templates that want them so; false if nothing changed.
bool spell_arguments(ordered_json& messages) {
  bool changed = false;
  for (ordered_json& message : messages) {
    if (!message.is_object() || !message.contains("tool_calls") || !message["tool_calls"].is_array()) continue;
    for (ordered_json& call : message["tool_calls"]) {
      if (!call.is_object() || !call.contains("function") || !call["function"].is_object()) continue;
      ordered_json& function = call["function"];
      if (!function.contains("arguments") || function["arguments"].is_string()) continue;
      function["arguments"] = function["arguments"].dump();
      changed = true;
    }
  }
  return changed;
}

}  // namespace

LocalTime LocalTime::now() {
  const std::time_t seconds = std::time(nullptr);
  std::tm broken{};
  if (localtime_r(&seconds, &broken) == nullptr) return {};
  return {broken.tm_year + 1900, broken.tm_mon + 1, broken.tm_mday, broken.tm_hour, broken.tm_min, broken.tm_sec};
}

Result<std::unique_ptr<const ChatTemplate>> JinjaChatTemplate::create(std::string_view source, Origin origin,
                                                                      ordered_json words, std::string_view with_tools) {
  auto parsed = jinja::Template::parse(source);
  if (!parsed) return parsed.error();
  auto out = std::make_unique<JinjaChatTemplate>();
  out->template_ = std::move(*parsed);
  if (!with_tools.empty()) {
    auto other = jinja::Template::parse(with_tools);
    if (other) out->with_tools_ = std::move(*other);
  }
  out->origin_ = std::move(origin);
  out->words_ = std::move(words);
  return std::unique_ptr<const ChatTemplate>(std::move(out));
}

Result<jinja::Text> JinjaChatTemplate::run(const ordered_json& messages, const ordered_json& tools,
                                           const TemplateOptions& options) const {
  ordered_json own = words_;
  own["add_generation_prompt"] = options.add_generation_prompt && !options.continue_last_message;
  if (options.thinking) own["enable_thinking"] = own["thinking"] = *options.thinking;
  ordered_json written{{"messages", messages}, {"documents", nullptr}};
  if (!tools.is_discarded()) written["tools"] = tools;
  const bool called = with_tools_ && tools.is_array() && !tools.empty();
  return (called ? with_tools_ : template_)->render({own, written, options.time ? *options.time : LocalTime::now()});
}

Result<std::vector<TextPart>> JinjaChatTemplate::render(ordered_json messages, const TemplateOptions& options) const {
  if (options.continue_last_message) {
    ordered_json* open = messages.empty() ? nullptr : open_text(messages.back());
    if (open == nullptr) return invalid("The answer cannot be continued: the last message has no text.");
    *open = concat(open->get_ref<const std::string&>(), kMark, " ");
  }
  const ordered_json tools = options.tools.empty() ? ordered_json() : parse_bounded_json(options.tools);
  if (tools.is_discarded() || !(tools.is_null() || tools.is_array())) return invalid("The tools are no JSON list.");
  // As transformers gives it to them first; then what older templates were written for.
  Result<jinja::Text> text = run(messages, tools, options);
  if (is_mistake(text) && tools.is_null()) {
    auto without = run(messages, ordered_json(ordered_json::value_t::discarded), options);
    if (without) text = std::move(without);
  }
  if (is_mistake(text) && spell_arguments(messages)) {
    auto spelled = run(messages, tools, options);
    if (spelled) text = std::move(spelled);
  }
  if (text && options.continue_last_message) text = cut_at_mark(*text);
  if (!text) return text.error();
  return text->parts();
}

Result<std::vector<TextPart>> JinjaChatTemplate::parts(std::span<const ChatMessage> messages,
                                                       const TemplateOptions& options) const {
  ordered_json json = ordered_json::array();
  for (const ChatMessage& message : messages) json.push_back(as_json(message));
  return render(std::move(json), options);
}

Result<std::vector<TextPart>> JinjaChatTemplate::parts_of_json(std::string_view messages,
                                                               const TemplateOptions& options) const {
  if (json_depth(messages) > most_json_depth) {
    return invalid(concat("The messages are nested more than ", most_json_depth, " levels deep."));
  }
  auto json = ordered_json::parse(messages, nullptr, false);
  if (json.is_discarded()) return invalid("The messages are no JSON.");
  const bool list =
      json.is_array() && std::ranges::all_of(json, [](const auto& message) { return message.is_object(); });
  if (!list) return invalid("The messages are no JSON list of objects, each with a role and a content.");
  return render(std::move(json), options);
}

Result<std::vector<TextPart>> ChatTemplate::parts(std::span<const ChatMessage> messages,
                                                  bool add_generation_prompt) const {
  return parts(messages, TemplateOptions{.add_generation_prompt = add_generation_prompt});
}

Result<std::string> ChatTemplate::render(std::span<const ChatMessage> messages, bool add_generation_prompt) const {
  const auto pieces = parts(messages, add_generation_prompt);
  if (!pieces) return pieces.error();
  std::string out;
  for (const TextPart& part : *pieces) out += part.text;
  return out;
}

}  // namespace hadal
