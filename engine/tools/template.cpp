#include "models/open_checkpoint.h"
#include "text/chat_template_factory.h"
#include "tools/arguments.h"
#include "tools/conversation.h"
#include "tools/input_file.h"
#include "tools/output.h"

namespace hadal::tools {
namespace {

Result<std::unique_ptr<const ChatTemplate>> template_of(const Arguments& arguments, const Checkpoint& file) {
  const auto path = arguments.value("--template");
  if (!path) return make_chat_template(file);
  const auto source = read_text_file(*path, 1'000'000);
  if (!source) return source.error();
  return make_chat_template(file, *source);
}

int run(const Arguments& arguments) {
  const auto path = arguments.value("--messages");
  if (!path) return fail_usage({ErrorCode::invalid_argument, "template needs --messages."});
  const auto file = open_checkpoint(arguments.positional(0));
  if (!file) return fail(file.error());
  const auto chat = template_of(arguments, *file);
  if (!chat) return fail(chat.error());
  if ((*chat)->origin().built_in) note((*chat)->origin().reason);
  const auto messages = read_objects(*path, "message");
  if (!messages) return fail(messages.error());

  TemplateOptions options;
  options.add_generation_prompt = !arguments.has("--no-generation-prompt");
  options.continue_last_message = arguments.has("--continue");
  if (arguments.has("--thinking")) options.thinking = true;
  if (arguments.has("--no-thinking")) options.thinking = false;
  if (const auto tools = arguments.value("--tools")) {
    auto text = read_objects(*tools, "tool");
    if (!text) return fail(text.error());
    options.tools = std::move(*text);
  }
  const auto parts = (*chat)->parts_of_json(*messages, options);
  if (!parts) return fail(parts.error());
  std::string out;
  for (const TextPart& part : *parts) out += part.text;
  return print(out);
}

}  // namespace

Command template_command() {
  return {{"template",
           "Writes a conversation as the model's chat template puts it, byte for byte and nothing else.",
           {"MODEL"},
           {{"--messages", "FILE", "A conversation: a JSON list of {\"role\", \"content\"}"},
            {"--tools", "FILE", "Tools the model may call: a JSON list"},
            {"--no-generation-prompt", "", "End behind the last message, not where the answer begins"},
            {"--continue", "", "The last message is an answer to go on with: leave its turn open"},
            {"--thinking", "", "Have the model think, where its template asks"},
            {"--no-thinking", "", "Have it answer at once"},
            {"--template", "FILE", "Use this template instead of the model's"}}},
          run};
}

}  // namespace hadal::tools
