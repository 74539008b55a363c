#include <nlohmann/json.hpp>

#include "base/text.h"
#include "base/utf8.h"
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
  const auto file = GgufFile::open(arguments.positional(0));
  if (!file) return fail(file.error());
  const auto tokenizer = make_tokenizer(*file);
  if (!tokenizer) return fail(tokenizer.error());
  const bool special = !arguments.has("--no-special");
  const auto ids = (*tokenizer)->encode(*text, {.add_special = special, .parse_special = special});
  if (!ids) return fail(ids.error());
  if (arguments.has("--json")) return print(nlohmann::json{{"ids", *ids}}.dump() + "\n");
  return print(as_text(**tokenizer, *ids));
}

}  // namespace

Command tokenize_command() {
  return {{"tokenize",
           "Turns UTF-8 text into token ids; bytes the vocabulary has no token for are left out.",
           {"MODEL"},
           {{"--text", "TEXT", "The text, in UTF-8."},
            {"--file", "FILE", "Or a regular file that holds it."},
            {"--no-special", "", "Add no first token and take the spelling of special tokens as text."},
            {"--json", "", "Write {\"ids\": [...]}."}}},
          run};
}

}  // namespace hadal::tools
