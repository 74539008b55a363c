#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "base/utf8.h"
#include "models/open_checkpoint.h"
#include "text/tokenizer_factory.h"
#include "tools/arguments.h"
#include "tools/input_file.h"
#include "tools/output.h"

namespace hadal::tools {
namespace {

/// A token's bytes for a terminal: control characters as escapes, on one line.
std::string visible(std::string_view bytes) {
  const std::string quoted = nlohmann::json(bytes).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return quoted;
}

std::string as_text(const Tokenizer& tokenizer, const std::vector<TokenId>& ids) {
  std::string out;
  for (const TokenId id : ids) out += concat(id, "\t", visible(tokenizer.piece(id, true)), "\n");
  return out;
}

/// Many texts with a NUL byte between: with --json a list of lists, otherwise a line of ids for each.
int print_texts(const Tokenizer& tokenizer, std::string_view texts, EncodeOptions options, bool json) {
  nlohmann::json lists = nlohmann::json::array();
  std::string out;
  for (std::size_t begin = 0; begin <= texts.size();) {
    const std::size_t end = std::min(texts.find('\0', begin), texts.size());
    const auto ids = tokenizer.encode(texts.substr(begin, end - begin), options);
    if (!ids) return fail(ids.error());
    if (json) {
      lists.push_back(*ids);
    } else {
      for (std::size_t i = 0; i < ids->size(); ++i) out += concat(i == 0 ? "" : " ", (*ids)[i]);
      out += '\n';
    }
    begin = end + 1;
  }
  return print(json ? nlohmann::json{{"ids", lists}}.dump() + "\n" : out);
}

/// Best of several: what else the machine does can only make a run slower.
int print_speed(const Tokenizer& tokenizer, std::string_view text, EncodeOptions options, bool json) {
  using Clock = std::chrono::steady_clock;
  double seconds = 0;
  std::size_t tokens = 0;
  for (int run = 0; run < 5 && (run == 0 || seconds < 1); ++run) {
    const auto start = Clock::now();
    const auto ids = tokenizer.encode(text, options);
    const double taken = std::chrono::duration<double>(Clock::now() - start).count();
    if (!ids) return fail(ids.error());
    tokens = ids->size();
    seconds = run == 0 ? taken : std::min(seconds, taken);
  }
  const double rate = seconds > 0 ? static_cast<double>(text.size()) / 1e6 / seconds : 0;
  if (!json) return print(concat(text.size(), " bytes, ", tokens, " tokens, ", seconds, " s, ", rate, " MB/s\n"));
  const nlohmann::json figures = {
      {"bytes", text.size()}, {"tokens", tokens}, {"seconds", seconds}, {"mb_per_second", rate}};
  return print(figures.dump() + "\n");
}

/// What a person can wait for, and whose pieces fit into memory.
constexpr std::uint64_t most_bytes = 256'000'000;

Result<std::string> input_text(const Arguments& arguments) {
  if (const auto path = arguments.value("--file")) return read_text_file(*path, most_bytes);
  const std::string text = *arguments.value("--text");
  if (auto valid = check_utf8(text, "The text of option --text"); !valid) return valid.error();
  return text;
}

int run(const Arguments& arguments) {
  if (arguments.has("--text") == arguments.has("--file")) {
    return fail_usage({ErrorCode::invalid_argument, "tokenize needs either --text or --file."});
  }
  const auto text = input_text(arguments);
  if (!text) return fail(text.error());
  const auto file = open_checkpoint(arguments.positional(0));
  if (!file) return fail(file.error());
  const auto tokenizer = make_tokenizer(*file);
  if (!tokenizer) return fail(tokenizer.error());
  const bool special = !arguments.has("--no-special"), json = arguments.has("--json");
  const EncodeOptions options = {.add_special = special, .parse_special = special};
  if (arguments.has("--speed")) return print_speed(**tokenizer, *text, options, json);
  if (arguments.has("--null")) return print_texts(**tokenizer, *text, options, json);
  const auto ids = (*tokenizer)->encode(*text, options);
  if (!ids) return fail(ids.error());
  if (json) return print(nlohmann::json{{"ids", *ids}}.dump() + "\n");
  return print(as_text(**tokenizer, *ids));
}

}  // namespace

Command tokenize_command() {
  return {{"tokenize",
           "Turns UTF-8 text into token ids; bytes the vocabulary has no token for are left out.",
           {"MODEL"},
           {{"--text", "TEXT", "The text, in UTF-8."},
            {"--file", "FILE", "Or a regular file that holds it."},
            {"--null", "", "The file holds several texts with a NUL byte between; write a line of ids for each."},
            {"--no-special", "", "Add no first or last token and take the spelling of special tokens as text."},
            {"--speed", "", "Write how fast it goes instead of the ids; the best of five times."},
            {"--json", "", "Write {\"ids\": [...]}; with --null, a list for each text."}}},
          run};
}

}  // namespace hadal::tools
