#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/pre_tokenizer.h"

#include <pcre2.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/text.h"
#include "base/utf8.h"
#include "text/tokenizer_keys.h"

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
    if (++i == pattern.size()) return out + c;
    const char escaped = pattern[i];
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

/// Those a checkpoint brings with it.
Result<std::vector<Split>> own_splits(const Checkpoint& file) {
  static constexpr std::pair<std::string_view, SplitBehaviour> known[] = {
      {"Isolated", SplitBehaviour::isolated},
      {"Removed", SplitBehaviour::removed},
      {"Contiguous", SplitBehaviour::contiguous},
      {"MergedWithPrevious", SplitBehaviour::merged_with_previous},
      {"MergedWithNext", SplitBehaviour::merged_with_next}};
  const auto patterns = file.strings(tokenizer_keys::split_patterns);
  if (!patterns) return patterns.error();
  const auto behaviours = file.strings(tokenizer_keys::split_behaviours);
  if (!behaviours) return behaviours.error();
  std::vector<Split> out;
  for (std::size_t i = 0; i < patterns->size(); ++i) {
    std::string_view behaviour = i < behaviours->size() ? (*behaviours)[i] : "";
    const bool inverted = behaviour.starts_with('!');
    if (inverted) behaviour.remove_prefix(1);
    const auto found = std::ranges::find(known, behaviour, &std::pair<std::string_view, SplitBehaviour>::first);
    if (found == std::end(known)) {
      return file.error(ErrorCode::unsupported, concat("metadata ", tokenizer_keys::split_behaviours, ": element ", i,
                                                       ", \"", printable(behaviour), "\", is not known."));
    }
    out.push_back({std::string((*patterns)[i]), found->second, inverted});
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
  static Result<std::unique_ptr<const Pattern>> compile(const Split& split, bool multiline) {
    const std::string pattern = with_unicode_spaces(split.pattern);
    int number = 0;
    PCRE2_SIZE at = 0;
    Code code(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                            PCRE2_UTF | PCRE2_UCP | (multiline ? PCRE2_MULTILINE : 0U), &number, &at, nullptr));
    if (!code) {
      PCRE2_UCHAR text[160] = {};
      pcre2_get_error_message(number, text, sizeof text);
      return Error{ErrorCode::unsupported, concat("A text-splitting pattern could not be compiled at character ", at,
                                                  ": ", reinterpret_cast<const char*>(text), ".")};
    }
    // Where the machine allows no generated code (a hardened kernel), pcre2_match interprets: slower, the same result.
    pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE);
    return std::unique_ptr<const Pattern>(new Pattern(std::move(code), split));
  }

  /// Appends `piece`, cut. `piece` is valid UTF-8.
  void cut(std::string_view piece, pcre2_match_data* match, std::vector<std::string_view>& out) const {
    const bool isolated = behaviour_ == SplitBehaviour::isolated;
    std::vector<Segment> segments;
    find(piece, match, [&](std::string_view text, bool matches) {
      if (isolated) return out.push_back(text);
      segments.push_back({text, matches != inverted_});
    });
    if (!isolated) join(segments, out);
  }

 private:
  struct Segment {
    std::string_view text;
    bool matches;
  };

  Pattern(Code code, const Split& split)
      : code_(std::move(code)), behaviour_(split.behaviour), inverted_(split.inverted) {}

  /// Gives the matches and the gaps in order.
  template <class Take>
  void find(std::string_view piece, pcre2_match_data* match, Take take) const {
    const auto subject = reinterpret_cast<PCRE2_SPTR>(piece.data());
    std::size_t done = 0;
    for (std::size_t from = 0; from < piece.size();) {
      // An error (a limit reached) ends the cutting like no match: the rest stays one piece, nothing is lost.
      if (pcre2_match(code_.get(), subject, piece.size(), from, PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, match, nullptr) <
          0) {
        break;
      }
      const PCRE2_SIZE* range = pcre2_get_ovector_pointer(match);
      if (range[0] > done) take(piece.substr(done, range[0] - done), false);
      take(piece.substr(range[0], range[1] - range[0]), true);
      done = from = range[1];
    }
    if (done < piece.size()) take(piece.substr(done), false);
  }

  void join(std::span<const Segment> segments, std::vector<std::string_view>& out) const {
    bool previous = false, first = true;
    for (const Segment& segment : segments) {
      const bool joins = (behaviour_ == SplitBehaviour::contiguous && previous == segment.matches) ||
                         (behaviour_ == SplitBehaviour::merged_with_previous && segment.matches && !previous) ||
                         (behaviour_ == SplitBehaviour::merged_with_next && !segment.matches && previous);
      if (behaviour_ == SplitBehaviour::removed && segment.matches) continue;
      if (joins && !first) {
        out.back() = {out.back().data(), out.back().size() + segment.text.size()};
      } else {
        out.push_back(segment.text);
      }
      previous = segment.matches;
      first = false;
    }
  }

  Code code_;
  SplitBehaviour behaviour_;
  bool inverted_;
};

PreTokenizer::PreTokenizer(const PreTokenizerRules& rules) : rules_(rules) {}
PreTokenizer::~PreTokenizer() = default;

Result<PreTokenizerName> pre_tokenizer_name(const Checkpoint& file) {
  static constexpr std::pair<std::string_view, std::string_view> usual[] = {
      {"qwen2", "qwen2"}, {"qwen3", "qwen2"}, {"starcoder2", "starcoder"}, {"gpt2", "gpt-2"}};
  if (file.has(tokenizer_keys::split_patterns)) return PreTokenizerName{"own"};
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
    if (auto done = out->add({std::string(pattern)}, false); !done) return done.error();
  }
  return std::unique_ptr<const PreTokenizer>(std::move(out));
}

Result<void> PreTokenizer::add(Split split, bool multiline) {
  auto compiled = Pattern::compile(split, multiline);
  if (!compiled) return compiled.error();
  patterns_.push_back(std::move(*compiled));
  return {};
}

Result<std::unique_ptr<const PreTokenizer>> PreTokenizer::create(const Checkpoint& file) {
  if (!file.has(tokenizer_keys::split_patterns)) {
    const auto kind = pre_tokenizer_name(file);
    if (!kind) return kind.error();
    auto made = create(kind->name);
    if (!made) return file.error(made.error().code, made.error().message);
    return made;
  }
  const auto splits = own_splits(file);
  if (!splits) return splits.error();
  const auto whole = file.boolean_or(tokenizer_keys::whole_pieces_first, false);
  if (!whole) return whole.error();
  const auto composes = file.boolean_or(tokenizer_keys::composes, false);
  if (!composes) return composes.error();
  std::unique_ptr<PreTokenizer> out(
      new PreTokenizer({.name = "own", .patterns = {}, .whole_pieces_first = *whole, .composes = *composes}));
  for (const Split& split : *splits) {
    if (auto done = out->add(split, true); !done) return file.error(done.error().code, done.error().message);
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
