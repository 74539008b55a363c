#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "base/utf8.h"
#include "engine/support/byte_tokenizer.h"
#include "engine/support/json_validator.h"
#include "fuzz/entrances/entrance.h"
#include "fuzz/entrances/input.h"
#include "hadal/grammar.h"
#include "text/grammar/matcher.h"

// A byte: 'r' for a regular expression, 't' for a JSON schema and a tight token limit, anything else for a schema; the
// pattern or schema; bytes that choose among the tokens that may come next.
namespace hadal::test {
namespace {

using grammar::Matcher;
using Json = nlohmann::json;

constexpr std::size_t most_tokens = 200;

/// The bytes, and tokens of several bytes as a model's vocabulary has them: across the borders of strings, characters
/// and rules, and some alike.
const ByteTokenizer& tokenizer() {
  static const ByteTokenizer all({"{\"",      "\":",          "\", \"", "\"}",  "\"}]", "},{",    "[{\"",  "true",
                                  "false",    "null",         "]]",     "}}",   "12",   "0.",     ".5",    "-1",
                                  "e+",       "00",           "ab",     "abc",  " a",   "\\\"",   "\\u00", "\\\\",
                                  "\xE6\xB7", "\xB1\xE6\xB8", "深",     "深渊", "\"深", "\n    ", "  ",    "a\"",
                                  "a",        "\"",           "\":\"",  "\":{"});
  return all;
}

bool bit(std::span<const std::uint64_t> mask, TokenId token) {
  return (mask[static_cast<std::size_t>(token) / 64] >> (token % 64) & 1U) != 0;
}

/// The tokens of a mask, from `start` on and round.
TokenId some_of(std::span<const std::uint64_t> mask, TokenId start) {
  const TokenId size = tokenizer().vocabulary_size();
  for (TokenId i = 0; i < size; ++i) {
    if (bit(mask, (start + i) % size)) return (start + i) % size;
  }
  return -1;
}

/// Writes a text by a grammar as an engine would: tokens the input asks for as long as they fit the limit, then the
/// shortest way out.
class Walk {
 public:
  Walk(const Grammar& grammar, std::string_view choices, bool tight) : matcher_(grammar.program()), choices_(choices) {
    left_ = matcher_.shortest() + (tight ? 3 : most_tokens);
  }

  std::string run() {
    // A form whose shortest text is longer takes too long to follow here.
    if (left_ > 4 * most_tokens) return {};
    while (left_ > 0 && !matcher_.over() && step()) --left_;
    promise(matcher_.complete(), "a text that is cut short: ", text_);
    whole_ = true;
    return text_;
  }
  bool whole() const { return whole_; }

 private:
  /// False at the chosen end.
  bool step() {
    const auto allowed = matcher_.allowed();
    const TokenId end = tokenizer().end();
    promise(bit(allowed, end) == matcher_.complete(), "an end that is allowed too early, or not at all: ", text_);
    refuse_another(allowed);
    if (choices_.empty() && matcher_.complete()) return false;
    TokenId token = choices_.empty() ? -1 : some_of(matcher_.allowed(), choices_.byte() * 5 / 4 % (end + 1));
    promise(choices_.empty() || token >= -1, "nothing may follow: ", text_);
    if (token < 0 || matcher_.deep() || !matcher_.fits(token, left_ - 1)) {
      token = some_of(matcher_.steered(left_ - 1), 0);
      promise(token >= 0, "no way to the end: ", text_);
      promise(matcher_.fits(token, left_ - 1), "a way that does not end in time: ", text_);
    }
    if (token == end) return false;
    promise(matcher_.accept(token), "a token that is allowed and refused after ", text_);
    text_ += tokenizer().piece(token, false);
    return true;
  }

  /// A token that is not in the mask is refused, and nothing changes.
  void refuse_another(std::span<const std::uint64_t> allowed) {
    const TokenId token = static_cast<TokenId>(text_.size() * 37 % static_cast<std::size_t>(tokenizer().end()));
    if (bit(allowed, token)) return;
    const bool complete = matcher_.complete();
    promise(!matcher_.accept(token), "a token that is not allowed and taken after ", text_);
    promise(matcher_.complete() == complete, "a refused token that changed something after ", text_);
  }

  Matcher matcher_;
  Input choices_;
  std::size_t left_ = 0;
  std::string text_;
  bool whole_ = false;
};

/// Byte by byte, as another vocabulary would have it.
bool takes(const Grammar& grammar, std::string_view text) {
  Matcher matcher(grammar.program());
  for (const char c : text) {
    if (!matcher.accept(static_cast<unsigned char>(c))) return false;
  }
  return matcher.complete();
}

/// Whether the test's judge understands every keyword, and as the standard has it: it compares numbers as doubles and
/// leaves patterns to PCRE2, whose dialect is another.
bool judgeable(const Json& schema) {
  static const std::set<std::string> plain = {"type",     "enum",     "const",     "required",   "minProperties",
                                              "minItems", "maxItems", "minLength", "maxLength",  "maxProperties",
                                              "minimum",  "maximum",  "title",     "description"};
  if (schema.is_boolean()) return true;
  if (!schema.is_object()) return false;
  for (const auto& [key, rule] : schema.items()) {
    const bool several = key == "properties" || key == "anyOf" || key == "allOf";
    const bool one = key == "items" || key == "additionalProperties";
    if (several && !std::ranges::all_of(rule, judgeable)) return false;
    if (one && !judgeable(rule)) return false;
    if (!several && !one && !plain.contains(key)) return false;
  }
  return true;
}

void promise_valid(std::string_view schema, const std::string& text) {
  const Json value = Json::parse(text, nullptr, false);
  promise(!value.is_discarded(), "no JSON: ", text);
  const Json rules = Json::parse(schema);
  if (judgeable(rules)) promise(JsonValidator(rules).valid(value), "not valid: ", text);
}

}  // namespace

void enter_grammar(std::string_view bytes) {
  static const auto compiler = *GrammarCompiler::create(tokenizer());
  Input input(bytes);
  const std::uint8_t kind = input.byte();
  const bool regex = kind == 'r', tight = kind == 't';
  const std::string_view source = input.section();
  const auto grammar = regex ? compiler->regex(source) : compiler->json_schema(source);
  if (!grammar) return promise_sentence(grammar.error());
  Walk walk(**grammar, input.rest(), tight);
  const std::string text = walk.run();
  if (!walk.whole()) return;
  promise(bool(check_utf8(text, "It")), "a text that is no UTF-8");
  promise(takes(**grammar, text), "a text that other tokens could not write: ", text);
  if (!regex) promise_valid(source, text);
}

}  // namespace hadal::test
