#include <algorithm>
#include <chrono>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/utf8.h"
#include "tools/conversation.h"
#include "tools/input_file.h"
#include "tools/kept_files.h"
#include "tools/output.h"
#include "tools/sampling_arguments.h"
#include "tools/workbench.h"

namespace hadal::tools {
namespace {

using nlohmann::json;

/// What --prompt or --messages say and what the answer is to be, read before the model is.
struct Input {
  std::string prompt;
  std::string messages, tools;  ///< JSON lists. No messages: the prompt counts.
  std::optional<std::string> schema, pattern;
  std::optional<std::string> forced;  ///< The answer's beginning.
};

Result<Input> input_of(const Arguments& arguments) {
  Input input;
  for (const std::string& stop : arguments.values("--stop")) {
    if (auto valid = check_utf8(stop, "The text of option --stop"); !valid) return valid.error();
  }
  input.pattern = arguments.value("--regex");
  if (const auto schema = arguments.value("--json-schema")) {
    auto text = read_text_file(*schema, 1 << 20);
    if (!text) return text.error();
    input.schema = std::move(*text);
  }
  if (const auto answer = arguments.value("--forced-answer")) {
    auto text = read_text_file(*answer, 1 << 20);
    if (!text) return text.error();
    input.forced = std::move(*text);
  }
  if (const auto prompt = arguments.value("--prompt")) {
    if (auto valid = check_utf8(*prompt, "The text of option --prompt"); !valid) return valid.error();
    input.prompt = *prompt;
    return input;
  }
  auto messages = read_conversation(*arguments.value("--messages"));
  if (!messages) return messages.error();
  input.messages = std::move(*messages);
  if (const auto path = arguments.value("--tools")) {
    auto tools = read_objects(*path, "tool");
    if (!tools) return tools.error();
    input.tools = std::move(*tools);
  }
  return input;
}

Result<std::vector<TokenId>> prompt_ids(const Input& input, const Model& model) {
  if (input.messages.empty()) return model.tokenizer().encode(input.prompt);
  const auto chat = model.chat_template();
  if (!chat) return chat.error();
  if ((*chat)->origin().built_in) note((*chat)->origin().reason);
  const auto parts = (*chat)->parts_of_json(input.messages, {.tools = input.tools});
  if (!parts) return parts.error();
  return model.tokenizer().encode(*parts);
}

Result<Request> request_of(const Arguments& arguments) {
  Request request;
  const auto max_tokens = arguments.integer("--max-tokens", 256, 0, 1 << 24);
  if (!max_tokens) return max_tokens.error();
  auto sampling = sampling_options(arguments);
  if (!sampling) return sampling.error();
  request.max_tokens = static_cast<int>(*max_tokens);
  request.sampling = std::move(*sampling);
  request.stop = arguments.values("--stop");
  request.drafts = !arguments.has("--no-drafts");
  if (std::ranges::find(request.stop, std::string()) != request.stop.end())
    return Error{ErrorCode::invalid_argument, "Option --stop needs a text that is not empty."};
  return request;
}

/// Of --json-schema or --regex; null where there is neither.
Result<std::shared_ptr<const Grammar>> grammar_of(const Input& input, const Tokenizer& tokenizer) {
  if (!input.schema && !input.pattern) return std::shared_ptr<const Grammar>();
  const auto compiler = GrammarCompiler::create(tokenizer);
  if (!compiler) return compiler.error();
  return input.pattern ? (*compiler)->regex(*input.pattern) : (*compiler)->json_schema(*input.schema);
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
  std::vector<TokenLogprobs> logprobs;
  Event end;
  double load_seconds = 0.0;  ///< Of --load-cache.
};

/// Steps until the request is done; with `stream` its text goes to stdout as it comes. A chat's answer begins behind
/// the space that some tokenizers put before a first word.
Result<Answer> answer(Engine& engine, bool stream, bool drop_space) {
  Answer answer;
  while (!engine.idle()) {
    for (Event& event : engine.step()) {
      if (drop_space && !event.text.empty()) {
        drop_space = false;
        if (event.text.front() == ' ') event.text.erase(0, 1);
      }
      answer.text += event.text;
      answer.tokens.insert(answer.tokens.end(), event.tokens.begin(), event.tokens.end());
      std::ranges::move(event.logprobs, std::back_inserter(answer.logprobs));
      if (event.kind == Event::Kind::finished) {
        answer.end = std::move(event);
      } else if (stream) {
        if (auto written = write_output(event.text); !written) return written.error();
      }
    }
  }
  if (answer.end.error) return *answer.end.error;
  return answer;
}

json as_json(const TokenLogprob& one) {
  // JSON has no infinity: a token that cannot come is null.
  return {{"token", one.token}, {"logprob", one.logprob}};
}

json as_json(const std::vector<TokenLogprobs>& all) {
  json out = json::array();
  for (const TokenLogprobs& one : all) {
    json entry = as_json(one.chosen);
    entry["likeliest"] = json::array();
    for (const TokenLogprob& likely : one.likeliest) entry["likeliest"].push_back(as_json(likely));
    out.push_back(std::move(entry));
  }
  return out;
}

std::string as_json(const Answer& answer, const EngineStatus& status) {
  const RequestStats& stats = answer.end.stats;
  const auto rate = [](int count, double seconds) { return seconds > 0.0 ? count / seconds : 0.0; };
  json out{{"text", answer.text},
           {"tokens", answer.tokens},
           {"finish_reason", name_of(answer.end.reason)},
           {"prompt_tokens", stats.prompt_tokens},
           {"reused_tokens", stats.reused_tokens},
           {"generated_tokens", stats.generated_tokens},
           {"drafted_tokens", stats.drafted_tokens},
           {"accepted_tokens", stats.accepted_tokens},
           {"layer_drafted_tokens", stats.layer_drafted_tokens},
           {"layer_accepted_tokens", stats.layer_accepted_tokens},
           {"first_token_s", answer.load_seconds + stats.first_token_seconds},
           {"prefill_tokens_per_s", rate(stats.prompt_tokens - stats.reused_tokens, stats.prefill_seconds)},
           {"decode_tokens_per_s", rate(std::max(stats.generated_tokens - 1, 0), stats.decode_seconds)},
           {"device", status.device}};
  if (!answer.logprobs.empty()) out["logprobs"] = as_json(answer.logprobs);
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

/// Of --load-cache, where it is given; the seconds it took. A cache that cannot be used ends the command: whoever names
/// one counts on it.
Result<double> load_cache(const Arguments& arguments, Engine& engine) {
  const auto path = arguments.value("--load-cache");
  if (!path) return 0.0;
  const auto before = std::chrono::steady_clock::now();
  const auto snapshot = KvSnapshot::load(*path);
  if (!snapshot) return snapshot.error();
  if (auto restored = engine.restore(*snapshot); !restored) return restored.error();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
}

/// Of --save-cache, before anything is read. The file of --load-cache may be written anew.
Result<void> check_save_cache(const Arguments& arguments) {
  std::vector<std::string> inputs{arguments.positional(0)};
  for (const std::string_view option : {"--messages", "--tools", "--json-schema", "--forced-answer"})
    inputs.push_back(arguments.value(option).value_or(""));
  return check_output(arguments.value("--save-cache").value_or(""), inputs);
}

/// Of --save-cache: the prompt and what came after it.
Result<void> save_cache(const Arguments& arguments, Engine& engine, std::vector<TokenId> text, const Answer& answer) {
  const auto path = arguments.value("--save-cache");
  if (!path) return {};
  text.insert(text.end(), answer.tokens.begin(), answer.tokens.end());
  const auto snapshot = engine.snapshot(text);
  if (!snapshot) return snapshot.error();
  return snapshot->save(*path);
}

int run(const Arguments& arguments) {
  if (arguments.has("--prompt") == arguments.has("--messages")) {
    return fail_usage({ErrorCode::invalid_argument, "generate needs either --prompt or --messages."});
  }
  if (arguments.has("--tools") && !arguments.has("--messages"))
    return fail_usage({ErrorCode::invalid_argument, "generate takes --tools with --messages only."});
  if (arguments.has("--json-schema") && arguments.has("--regex"))
    return fail_usage({ErrorCode::invalid_argument, "generate takes --json-schema or --regex, not both."});
  auto options = engine_options(arguments);
  if (!options) return fail_usage(options.error());
  options->eager_drafts = arguments.has("--eager-drafts");
  auto request = request_of(arguments);
  if (!request) return fail_usage(request.error());
  if (auto kept = check_save_cache(arguments); !kept) return fail(kept.error());
  const auto input = input_of(arguments);
  if (!input) return fail(input.error());
  auto bench = open_workbench(arguments, *options);
  if (!bench) return fail(bench.error());
  auto ids = prompt_ids(*input, *bench->model);
  if (!ids) return fail(ids.error());
  request->prompt = *ids;
  if (input->forced) {
    auto forced = bench->model->tokenizer().encode(*input->forced, {.add_special = false});
    if (!forced) return fail(forced.error());
    request->forced = std::move(*forced);
  }
  auto grammar = grammar_of(*input, bench->model->tokenizer());
  if (!grammar) return fail(grammar.error());
  request->grammar = std::move(*grammar);
  const auto loaded = load_cache(arguments, *bench->engine);
  if (!loaded) return fail(loaded.error());
  if (const auto id = bench->engine->submit(std::move(*request)); !id) {
    return fail(with_choices(id.error(), *bench));
  }
  const bool as_text = !arguments.has("--json");
  const bool free = !input->schema && !input->pattern;
  const bool spaced = free && !input->messages.empty() && bench->model->tokenizer().adds_space();
  auto result = answer(*bench->engine, as_text, spaced);
  if (!result) return fail(result.error());
  result->load_seconds = *loaded;
  if (auto saved = save_cache(arguments, *bench->engine, std::move(*ids), *result); !saved) return fail(saved.error());
  return print(as_text ? std::string("\n") : as_json(*result, bench->engine->status()));
}

}  // namespace

Command generate_command() {
  Command command{{"generate",
                   "Answers a prompt or a conversation.",
                   {"MODEL"},
                   {{"--prompt", "TEXT", "The text to go on from"},
                    {"--messages", "FILE", "A conversation: a JSON list of {\"role\", \"content\"}"},
                    {"--tools", "FILE", "Tools the model may call: a JSON list"},
                    {"--max-tokens", "N",
                     "Tokens of the answer at most; 0: until the model ends or the context is full (default: 256)"},
                    {"--stop", "TEXT", "End before this text; may be given more than once", true},
                    {"--json-schema", "FILE", "The answer is JSON that is valid under this schema"},
                    {"--regex", "PATTERN", "The whole answer matches this regular expression"},
                    {"--no-drafts", "", "Compute one token after the other; the answer is the same"},
                    {"--eager-drafts", "", "For measurements: guess tokens whatever it costs"},
                    {"--forced-answer", "FILE", "For measurements: the answer begins with this text, whatever comes"},
                    {"--save-cache", "FILE", "Keep what was computed of prompt and answer, for --load-cache"},
                    {"--load-cache", "FILE", "Go on from what --save-cache kept of the same model's beginning"},
                    {"--json", "", "Print one JSON object with the text, the tokens and the figures"},
                    device_option,
                    threads_option,
                    decode_threads_option,
                    measure_threads_option,
                    ahead_option,
                    context_option,
                    experts_used_option}},
                  run};
  std::ranges::copy(sampling_option_list, std::back_inserter(command.spec.options));
  return command;
}

}  // namespace hadal::tools
