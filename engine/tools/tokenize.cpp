#include <nlohmann/json.hpp>

#include "base/mapped_file.h"
#include "base/text.h"
#include "text/tokenizer_factory.h"
#include "tools/arguments.h"
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

int run(const Arguments& arguments) {
  const auto text = arguments.value("--text");
  const auto path = arguments.value("--file");
  if (text.has_value() == path.has_value()) {
    return fail_usage({ErrorCode::invalid_argument, "tokenize needs either --text or --file."});
  }
  const auto file = GgufFile::open(arguments.positional(0));
  if (!file) return fail(file.error());
  const auto tokenizer = make_tokenizer(*file);
  if (!tokenizer) return fail(tokenizer.error());

  auto input = path ? MappedFile::open(*path) : MappedFile();
  if (!input) return fail(input.error());
  const auto bytes = input->bytes();
  const std::string_view source =
      path ? std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()) : std::string_view(*text);
  const bool special = !arguments.has("--no-special");
  const auto ids = (*tokenizer)->encode(source, {.add_special = special, .parse_special = special});
  if (arguments.has("--json")) return print(nlohmann::json{{"ids", ids}}.dump() + "\n");
  return print(as_text(**tokenizer, ids));
}

}  // namespace

Command tokenize_command() {
  return {{"tokenize",
           "Turns text into token ids.",
           {"MODEL"},
           {{"--text", "TEXT", "The text."},
            {"--file", "FILE", "Or a file that holds it; it need not be UTF-8."},
            {"--no-special", "", "Add no first token and take the spelling of special tokens as text."},
            {"--json", "", "Write {\"ids\": [...]}."}}},
          run};
}

}  // namespace hadal::tools
