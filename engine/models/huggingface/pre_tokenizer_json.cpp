#include "models/huggingface/pre_tokenizer_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "base/utf8.h"
#include "text/pre_tokenizer_patterns.h"

namespace hadal::huggingface {
namespace {

using Json = nlohmann::json;

constexpr std::string_view space_mark = "\xE2\x96\x81";  // U+2581
// What the tokenizers library's ByteLevel splits by (Radford et al. 2019, the GPT-2 release's encoder.py).
constexpr std::string_view byte_level_words =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
// Limits of ours: published tokenizers have up to six patterns of some 700 bytes.
constexpr std::size_t max_patterns = 64, max_pattern_bytes = 16384;

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

bool flag_of(const Json& object, const char* key, bool fallback) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() ? found->get<bool>() : fallback;
}

/// A text that a pattern is to match as it stands.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x80 &&
        std::string_view("\\^$.|?*+()[]{}-# \t\n\r").find(c) != std::string::npos) {
      out += '\\';
    }
    out += c;
  }
  return out;
}

class Reader {
 public:
  Result<Preparation> run(const Json& tokenizer) {
    const auto step = [&](const char* key, auto read) {
      const auto found = tokenizer.find(key);
      if (found == tokenizer.end() || found->is_null()) return;
      each(*found, key, key == std::string_view("normalizer") ? "normalizers" : "pretokenizers", read);
    };
    step("normalizer", [&](const Json& one, std::string_view kind) { normalizer(one, kind); });
    step("pre_tokenizer", [&](const Json& one, std::string_view kind) { pre_tokenizer(one, kind); });
    if (!problem_.empty()) return Error{ErrorCode::unsupported, problem_};
    if (!out_.byte_level && !marks_spaces_) {
      return Error{ErrorCode::unsupported,
                   "neither normalizer nor pre_tokenizer says how tokens are spelled; ByteLevel, Metaspace and U+2581 "
                   "for spaces are supported."};
    }
    if (out_.byte_level && marks_spaces_) unsupported("both bytes and spaces are respelled");
    if (!out_.byte_level && !out_.patterns.empty())
      unsupported("pre_tokenizer splits text that is not spelled as bytes");
    if (!out_.byte_level && out_.composes) unsupported("normalizer NFC stands before U+2581 for spaces");
    if (!problem_.empty()) return Error{ErrorCode::unsupported, problem_};
    return std::move(out_);
  }

 private:
  /// The steps of a Sequence, or the one there is.
  template <class Read>
  void each(const Json& step, std::string_view key, const char* list, Read read) {
    const std::string kind = step.is_object() ? text_of(step, "type") : "";
    if (kind.empty()) return unsupported(concat(key, " has no type"));
    if (kind != "Sequence") return read(step, kind);
    const auto steps = step.find(list);
    if (steps == step.end() || !steps->is_array()) return unsupported(concat(key, " is a Sequence without ", list));
    for (const Json& one : *steps) each(one, key, list, read);
  }

  void unsupported(std::string_view what) {
    if (problem_.empty()) problem_ = concat(what, ", which this version of Hadal does not know.");
  }

  void normalizer(const Json& step, std::string_view kind) {
    if (kind == "NFC") {
      out_.composes = true;
    } else if (kind == "Prepend" && text_of(step, "prepend") == space_mark) {
      out_.space_prefix = "always";
    } else if (kind == "Replace" && step.contains("pattern") && step["pattern"] == Json::object({{"String", " "}}) &&
               text_of(step, "content") == space_mark) {
      marks_spaces_ = true;
    } else {
      unsupported(concat("normalizer \"", printable(kind), "\" changes text"));
    }
  }

  void pre_tokenizer(const Json& step, std::string_view kind) {
    if (out_.byte_level) return unsupported("pre_tokenizer goes on after ByteLevel");
    if (kind == "ByteLevel") return byte_level(step);
    if (kind == "Split") return split(step);
    if (kind == "Digits") {
      return add(flag_of(step, "individual_digits", false) ? R"(\p{N})" : R"(\p{N}+)", "Isolated");
    }
    if (kind == "Punctuation") {
      const std::string behaviour = text_of(step, "behavior");
      return add(R"([!-/:-@\[-`{-~\p{P}])", behaviour.empty() ? "Isolated" : behaviour);
    }
    if (kind == "Metaspace") return metaspace(step);
    unsupported(concat("pre_tokenizer has a step \"", printable(kind), "\""));
  }

  void byte_level(const Json& step) {
    out_.byte_level = true;
    if (flag_of(step, "add_prefix_space", true)) unsupported("pre_tokenizer ByteLevel has add_prefix_space");
    if (flag_of(step, "use_regex", true)) add(byte_level_words, "Isolated");
  }

  void split(const Json& step) {
    const auto pattern = step.find("pattern");
    if (pattern == step.end() || !pattern->is_object()) return unsupported("pre_tokenizer Split has no pattern");
    const std::string behaviour = text_of(step, "behavior");
    const std::string_view inverted = flag_of(step, "invert", false) && behaviour != "Isolated" ? "!" : "";
    if (pattern->contains("Regex")) return add(text_of(*pattern, "Regex"), concat(inverted, behaviour));
    if (pattern->contains("String")) return add(escaped(text_of(*pattern, "String")), concat(inverted, behaviour));
    unsupported("pre_tokenizer Split has a pattern that is neither Regex nor String");
  }

  void metaspace(const Json& step) {
    const std::string mark = text_of(step, "replacement"), scheme = text_of(step, "prepend_scheme");
    if (mark != space_mark) return unsupported("pre_tokenizer Metaspace has a replacement other than U+2581");
    marks_spaces_ = true;
    out_.words_apart = flag_of(step, "split", true);
    const bool always = scheme == "always" || (scheme.empty() && flag_of(step, "add_prefix_space", true));
    if (always) out_.space_prefix = "unless_there";
    if (scheme == "first") out_.space_prefix = "first";
  }

  void add(std::string_view pattern, std::string_view behaviour) {
    static constexpr std::string_view known[] = {"Isolated", "Removed", "Contiguous", "MergedWithPrevious",
                                                 "MergedWithNext"};
    const std::string_view plain = behaviour.substr(behaviour.starts_with('!') ? 1 : 0);
    if (std::ranges::find(known, plain) == std::end(known)) {
      return unsupported(concat("pre_tokenizer has the behavior \"", printable(plain), "\""));
    }
    if (pattern.empty() || pattern.size() > max_pattern_bytes || out_.patterns.size() == max_patterns) {
      return unsupported("pre_tokenizer has an empty pattern, one of more than 16384 bytes, or more than 64");
    }
    out_.patterns.emplace_back(pattern);
    out_.behaviours.emplace_back(behaviour);
  }

  Preparation out_;
  bool marks_spaces_ = false;
  std::string problem_;
};

/// A pattern with \x{4E00}, \r, \n and \t as the characters themselves, so that both ways to write one compare equal.
std::string spelled_out(std::string_view pattern) {
  static constexpr std::pair<char, char> controls[] = {{'r', '\r'}, {'n', '\n'}, {'t', '\t'}};
  std::string out;
  while (!pattern.empty()) {
    const std::size_t end = pattern.find('}');
    const bool escape = pattern[0] == '\\' && pattern.size() > 1;
    const auto control = std::ranges::find(controls, escape ? pattern[1] : '\0', &std::pair<char, char>::first);
    std::size_t taken = escape ? 2 : 1;
    if (control != std::end(controls)) {
      out += control->second;
    } else if (pattern.starts_with("\\x{") && end != std::string_view::npos && end <= 9) {
      const std::string digits(pattern.substr(3, end - 3));
      append_utf8(static_cast<std::uint32_t>(std::strtoul(digits.c_str(), nullptr, 16)), out);
      taken = end + 1;
    } else {
      out += pattern.substr(0, taken);
    }
    pattern.remove_prefix(taken);
  }
  return out;
}

/// As the engine's own table has it where that is cheaper than what was published.
std::string_view cheaper(std::string_view pattern) {
  return pattern == R"(\s+$)" ? std::string_view(R"((?<!\s)\s++$)") : pattern;
}

}  // namespace

Result<Preparation> read_preparation(const Json& tokenizer) {
  return Reader().run(tokenizer);
}

std::string published_name(const Preparation& p, bool whole_pieces_first) {
  if (!std::ranges::all_of(p.behaviours, [](const std::string& b) { return b == "Isolated"; })) return {};
  for (const PreTokenizerRules& rules : pre_tokenizer_rules()) {
    if (rules.whole_pieces_first != whole_pieces_first || rules.composes != p.composes) continue;
    const auto same = [](std::string_view ours, std::string_view theirs) {
      return spelled_out(ours) == spelled_out(cheaper(theirs));
    };
    if (std::ranges::equal(rules.patterns, p.patterns, same)) return std::string(rules.name);
  }
  return {};
}

}  // namespace hadal::huggingface
