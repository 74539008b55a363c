#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/pre_tokenizer.h"

#include <pcre2.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/text.h"
#include "base/utf8.h"

namespace hadal {
namespace {

template <auto function>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    function(object);
  }
};
using Code = std::unique_ptr<pcre2_code, Freed<pcre2_code_free>>;
using MatchData = std::unique_ptr<pcre2_match_data, Freed<pcre2_match_data_free>>;

// PCRE2's \s also takes U+180E, which Unicode no longer counts as space; the patterns mean Unicode's property.
std::string with_unicode_spaces(std::string_view pattern) {
  static constexpr std::string_view members =
      R"(\t-\r \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000})";
  std::string out;
  bool in_class = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c != '\\') {
      in_class = c == '[' || (in_class && c != ']');
      out += c;
      continue;
    }
    const char escaped = pattern[++i];
    if (escaped == 's') {
      out += in_class ? std::string(members) : concat("[", members, "]");
    } else if (escaped == 'S' && !in_class) {
      out += concat("[^", members, "]");
    } else {
      out += c;
      out += escaped;
    }
  }
  return out;
}

/// The longest prefix that is all UTF-8, or all not.
struct Run {
  std::size_t length;
  bool valid;
};

Run first_run(std::string_view text) {
  const auto state = [&](std::size_t at) { return utf8_head(text.substr(at)); };
  const bool valid = state(0).state == Utf8State::valid;
  std::size_t at = 0;
  while (at < text.size()) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      if (!valid) break;
      ++at;
      continue;
    }
    const Utf8Head head = state(at);
    if ((head.state == Utf8State::valid) != valid) break;
    at += head.length;
  }
  return {at, valid};
}

}  // namespace

/// One compiled regular expression.
class PreTokenizer::Pattern {
 public:
  static Result<std::unique_ptr<const Pattern>> compile(std::string_view source) {
    const std::string pattern = with_unicode_spaces(source);
    int number = 0;
    PCRE2_SIZE at = 0;
    Code code(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), PCRE2_UTF | PCRE2_UCP,
                            &number, &at, nullptr));
    if (!code) {
      PCRE2_UCHAR text[160] = {};
      pcre2_get_error_message(number, text, sizeof text);
      return Error{ErrorCode::unsupported, concat("A text-splitting pattern could not be compiled at character ", at,
                                                  ": ", reinterpret_cast<const char*>(text), ".")};
    }
    // Where the machine allows no generated code (a hardened kernel), pcre2_match interprets: slower, the same result.
    pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE);
    return std::unique_ptr<const Pattern>(new Pattern(std::move(code)));
  }

  /// Appends `piece`, cut into matches and what lies between them. `piece` is valid UTF-8.
  void cut(std::string_view piece, pcre2_match_data* match, std::vector<std::string_view>& out) const {
    const auto subject = reinterpret_cast<PCRE2_SPTR>(piece.data());
    std::size_t done = 0;
    for (std::size_t from = 0; from < piece.size();) {
      // An error (a limit reached) ends the cutting like no match: the rest stays one piece, nothing is lost.
      if (pcre2_match(code_.get(), subject, piece.size(), from, PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, match, nullptr) <
          0) {
        break;
      }
      const PCRE2_SIZE* range = pcre2_get_ovector_pointer(match);
      if (range[0] > done) out.push_back(piece.substr(done, range[0] - done));
      out.push_back(piece.substr(range[0], range[1] - range[0]));
      done = from = range[1];
    }
    if (done < piece.size()) out.push_back(piece.substr(done));
  }

 private:
  explicit Pattern(Code code) : code_(std::move(code)) {}
  Code code_;
};

PreTokenizer::PreTokenizer(const PreTokenizerRules& rules) : rules_(rules) {}
PreTokenizer::~PreTokenizer() = default;

Result<PreTokenizerName> pre_tokenizer_name(const Checkpoint& file) {
  static constexpr std::pair<std::string_view, std::string_view> usual[] = {
      {"qwen2", "qwen2"}, {"qwen3", "qwen2"}, {"starcoder2", "starcoder"}, {"gpt2", "gpt-2"}};
  const auto named = file.string_or("tokenizer.ggml.pre", "");
  if (!named) return named.error();
  if (!named->empty()) return PreTokenizerName{std::string(*named)};
  const auto architecture = file.string_or("general.architecture", "");
  if (!architecture) return architecture.error();
  const auto found = std::ranges::find(usual, *architecture, &std::pair<std::string_view, std::string_view>::first);
  return PreTokenizerName{std::string(found == std::end(usual) ? "default" : found->second), true};
}

Result<std::unique_ptr<const PreTokenizer>> PreTokenizer::create(std::string_view name) {
  const auto known = pre_tokenizer_rules();
  const auto kind = std::ranges::find(known, name, &PreTokenizerRules::name);
  if (kind == known.end()) {
    return Error{ErrorCode::unsupported, concat("metadata tokenizer.ggml.pre says that text is split by the rules \"",
                                                printable(name), "\", which this version of Hadal does not know.")};
  }
  std::unique_ptr<PreTokenizer> out(new PreTokenizer(*kind));
  for (const auto pattern : kind->patterns) {
    auto compiled = Pattern::compile(pattern);
    if (!compiled) return compiled.error();
    out->patterns_.push_back(std::move(*compiled));
  }
  return std::unique_ptr<const PreTokenizer>(std::move(out));
}

std::vector<std::string_view> PreTokenizer::split(std::string_view text) const {
  const MatchData match(pcre2_match_data_create(1, nullptr));
  std::vector<std::string_view> all, pieces, next;
  while (!text.empty()) {
    const Run run = first_run(text);
    pieces.assign(1, text.substr(0, run.length));
    text.remove_prefix(run.length);
    if (run.valid && match) {
      for (const auto& pattern : patterns_) {
        next.clear();
        for (const auto piece : pieces) pattern->cut(piece, match.get(), next);
        pieces.swap(next);
      }
    }
    all.insert(all.end(), pieces.begin(), pieces.end());
  }
  return all;
}

}  // namespace hadal
