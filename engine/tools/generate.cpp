#include <nlohmann/json.hpp>

#include "base/mapped_file.h"
#include "base/text.h"
#include "tools/output.h"
#include "tools/workbench.h"

namespace hadal::tools {
namespace {

using nlohmann::json;

Error at_fault(const std::string& path, std::string_view sentence) {
  return {ErrorCode::invalid_argument, concat("The file ", printable(path), " ", sentence)};
}

/// Line and column of a byte, for sentences.
std::string place(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, std::min(byte, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t start = before.rfind('\n');
  const std::size_t column = before.size() - (start == std::string_view::npos ? 0 : start + 1);
  return concat("line ", line, ", column ", std::max<std::size_t>(column, 1));
}

Result<json> read_json(const std::string& path) {
  const auto file = MappedFile::open(path);
  if (!file) return file.error();
  const std::string_view text(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
  try {
    return json::parse(text);
  } catch (const json::parse_error& error) {
    return at_fault(path, concat("is no JSON: it breaks off at ", place(text, error.byte), "."));
  }
}

Result<std::string> member(const json& message, const char* key, std::size_t index, const std::string& path) {
  const auto found = message.is_object() ? message.find(key) : message.end();
  if (!message.is_object() || found == message.end() || !found->is_string()) {
    return at_fault(path, concat("needs a text \"", key, "\" in message ", index + 1, "."));
  }
  return found->get<std::string>();
}

Result<std::vector<ChatMessage>> read_messages(const std::string& path) {
  const auto parsed = read_json(path);
  if (!parsed) return parsed.error();
  if (!parsed->is_array() || parsed->empty())
    return at_fault(path, "must be a list of messages, each with a role and a content.");
  std::vector<ChatMessage> messages;
  for (std::size_t i = 0; i < parsed->size(); ++i) {
    auto role = member((*parsed)[i], "role", i, path), content = member((*parsed)[i], "content", i, path);
    if (!role) return role.error();
    if (!content) return content.error();
    messages.push_back({std::move(*role), std::move(*content)});
  }
  return messages;
}

Result<std::vector<TokenId>> prompt_ids(const Arguments& arguments, const Model& model) {
  if (const auto text = arguments.value("--prompt")) return model.tokenizer().encode(*text);
  const auto messages = read_messages(*arguments.value("--messages"));
  if (!messages) return messages.error();
  const auto chat = model.chat_template();
  if (!chat) return chat.error();
  const auto parts = (*chat)->parts(*messages, true);
  if (!parts) return parts.error();
  return model.tokenizer().encode(*parts);
}

Result<Request> request_of(const Arguments& arguments) {
  Request request;
  const auto max_tokens = arguments.integer("--max-tokens", 256, 0, 1 << 24);
  const auto temperature = arguments.number("--temperature", 0.0, 0.0, 100.0);
  const auto top_k = arguments.integer("--top-k", 0, 0, 1 << 24);
  const auto top_p = arguments.number("--top-p", 1.0, 0.0, 1.0);
  const auto seed = arguments.integer("--seed", 0, 0, INT64_MAX);
  if (!max_tokens) return max_tokens.error();
  if (!temperature) return temperature.error();
  if (!top_k) return top_k.error();
  if (!top_p) return top_p.error();
  if (!seed) return seed.error();
  request.max_tokens = static_cast<int>(*max_tokens);
  request.sampling = {static_cast<float>(*temperature), static_cast<int>(*top_k), static_cast<float>(*top_p),
                      static_cast<std::uint64_t>(*seed)};
  request.stop = arguments.values("--stop");
  return request;
}

std::string_view name_of(FinishReason reason) {
  switch (reason) {
    case FinishReason::end_of_text:
      return "end_of_text";
    case FinishReason::stop_string:
      return "stop_string";
    case FinishReason::max_tokens:
      return "max_tokens";
    case FinishReason::context_full:
      return "context_full";
    case FinishReason::cancelled:
      return "cancelled";
    case FinishReason::failed:
      return "failed";
  }
  return "";
}

struct Answer {
  std::string text;
  std::vector<TokenId> tokens;
  Event end;
};

/// Steps until the request is done; with `stream` its text goes to stdout as it comes.
Result<Answer> answer(Engine& engine, bool stream) {
  Answer answer;
  while (!engine.idle()) {
    for (Event& event : engine.step()) {
      answer.text += event.text;
      answer.tokens.insert(answer.tokens.end(), event.tokens.begin(), event.tokens.end());
      if (event.kind == Event::Kind::finished)
        answer.end = std::move(event);
      else if (stream && !event.text.empty() && print(event.text) != exit_ok)
        return Error{ErrorCode::io, "The answer was cut short."};
    }
  }
  if (answer.end.error) return *answer.end.error;
  return answer;
}

std::string as_json(const Answer& answer, const EngineStatus& status) {
  const RequestStats& stats = answer.end.stats;
  const auto rate = [](int count, double seconds) { return seconds > 0.0 ? count / seconds : 0.0; };
  const json out{{"text", answer.text},
                 {"tokens", answer.tokens},
                 {"finish_reason", name_of(answer.end.reason)},
                 {"prompt_tokens", stats.prompt_tokens},
                 {"generated_tokens", stats.generated_tokens},
                 {"first_token_s", stats.first_token_seconds},
                 {"prefill_tokens_per_s", rate(stats.prompt_tokens - stats.reused_tokens, stats.prefill_seconds)},
                 {"decode_tokens_per_s", rate(std::max(stats.generated_tokens - 1, 0), stats.decode_seconds)},
                 {"device", status.device}};
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

int run(const Arguments& arguments) {
  if (arguments.has("--prompt") == arguments.has("--messages")) {
    return fail_usage({ErrorCode::invalid_argument, "generate needs either --prompt or --messages."});
  }
  const auto options = engine_options(arguments);
  if (!options) return fail_usage(options.error());
  auto request = request_of(arguments);
  if (!request) return fail_usage(request.error());
  auto bench = open_workbench(arguments, *options);
  if (!bench) return fail(bench.error());
  auto ids = prompt_ids(arguments, *bench->model);
  if (!ids) return fail(ids.error());
  request->prompt = std::move(*ids);
  if (const auto id = bench->engine->submit(std::move(*request)); !id) return fail(id.error());
  const bool as_text = !arguments.has("--json");
  const auto result = answer(*bench->engine, as_text);
  if (!result) return fail(result.error());
  return print(as_text ? std::string("\n") : as_json(*result, bench->engine->status()));
}

}  // namespace

Command generate_command() {
  return {{"generate",
           "Answers a prompt or a conversation.",
           {"MODEL"},
           {{"--prompt", "TEXT", "The text to go on from"},
            {"--messages", "FILE", "A conversation: a JSON list of {\"role\", \"content\"}"},
            {"--max-tokens", "N", "Tokens of the answer at most; 0: until the context is full (default: 256)"},
            {"--temperature", "T", "0: always the likeliest token (default: 0)"},
            {"--top-k", "K", "Of the K likeliest tokens only; 0: of all (default: 0)"},
            {"--top-p", "P", "Of the likeliest tokens that together reach P (default: 1)"},
            {"--seed", "N", "The same seed gives the same answer (default: 0)"},
            {"--stop", "TEXT", "End before this text; may be given more than once", true},
            {"--json", "", "Print one JSON object with the text, the tokens and the figures"},
            device_option,
            threads_option,
            context_option}},
          run};
}

}  // namespace hadal::tools
