#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hadal/result.h"
#include "hadal/tokenizer.h"

namespace hadal {

/// A call of a tool, as a model asks for it.
struct ToolCall {
  std::string id;
  std::string name;
  std::string arguments;  ///< A JSON object.

  bool operator==(const ToolCall&) const = default;
};

struct ChatMessage {
  std::string role;  ///< "system", "user", "assistant" or "tool"; templates may know others.
  std::string content;
  std::string thinking = {};              ///< Of an assistant, without its tags; templates may leave it out.
  std::vector<ToolCall> tool_calls = {};  ///< Of an assistant.
  std::string tool_call_id = {};          ///< Of a tool: the call it answers.
};

/// A time of day as a calendar and a clock show it.
struct LocalTime {
  int year = 1970, month = 1, day = 1;
  int hour = 0, minute = 0, second = 0;

  static LocalTime now();
};

struct TemplateOptions {
  /// The text ends where the assistant's answer begins.
  bool add_generation_prompt = true;
  /// The last message is an answer to go on with: the text ends at the end of its content, its turn still open. Nothing
  /// is added behind, whatever add_generation_prompt says. Fails if there is no message or the template leaves its
  /// content out.
  bool continue_last_message = false;
  /// For templates that can do both; others do not look at it.
  std::optional<bool> thinking = {};
  /// Tools the model may call: a JSON list, as templates take it: [{"type": "function", "function": {...}}]. Empty:
  /// none.
  std::string tools = {};
  /// For templates that write the date; nothing: now.
  std::optional<LocalTime> time = {};
};

/// Turns a conversation into the prompt its model was trained on. Immutable; any thread.
///
/// Templates are programs of files nobody trusts: they run in a sandbox with caps on steps, depth, memory and output.
/// Errors name the template's line; ErrorCode::invalid_argument means that the template refuses this conversation.
class ChatTemplate {
 public:
  /// Where the template comes from, for a person: which one is in force, and why.
  struct Origin {
    bool built_in = false;  ///< Not the model file's own.
    std::string name;       ///< Of a built-in one: "chatml", "deepseek-r1" ...
    std::string reason;     ///< A sentence.
  };

  virtual ~ChatTemplate() = default;
  virtual const Origin& origin() const = 0;

  /// The prompt, told apart into what the template says and what the messages and tools say: encoded with
  /// Tokenizer::encode(parts), a message that spells <|im_end|> stays text and ends no turn. The parts in a row are,
  /// byte for byte, what the template writes.
  virtual Result<std::vector<TextPart>> parts(std::span<const ChatMessage> messages,
                                              const TemplateOptions& options) const = 0;
  Result<std::vector<TextPart>> parts(std::span<const ChatMessage> messages, bool add_generation_prompt) const;

  /// The same for messages in JSON, a list of objects that reach the template with everything they hold.
  virtual Result<std::vector<TextPart>> parts_of_json(std::string_view messages,
                                                      const TemplateOptions& options) const = 0;

  /// The same as one text. Tokens it is to begin with are part of it: encode it with add_special = false.
  Result<std::string> render(std::span<const ChatMessage> messages, bool add_generation_prompt) const;
};

}  // namespace hadal
