#include "tools/arguments.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <utility>

#include "base/text.h"

namespace hadal::tools {
namespace {

Error usage(std::string sentence) {
  return {ErrorCode::invalid_argument, std::move(sentence)};
}

template <class Number>
Result<Number> parse_number(std::string_view option, const std::string& text, Number least, Number most,
                            std::string_view kind) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  // Written so that NaN fails too.
  const bool inside = number >= least && number <= most;
  if (error == std::errc() && end == text.data() + text.size() && inside) return number;
  return usage(
      concat("Option ", option, " takes ", kind, " from ", least, " to ", most, ", not \"", printable(text), "\"."));
}

/// Letters to insert, delete or replace to make one word of the other (Levenshtein 1966; Wagner and Fischer 1974).
std::size_t edits(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row.back();
}

Error unknown_option(const CommandSpec& spec, const std::string& name) {
  std::vector<std::string_view> known{"--help"};
  for (const Option& option : spec.options) known.push_back(option.name);
  return usage(concat("Unknown option ", printable(name), " for ", spec.name, did_you_mean(name, known),
                      " See hadal-engine ", spec.name, " --help."));
}

}  // namespace

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known) {
  const auto bare = [](std::string_view name) {
    return name.substr(std::min(name.find_first_not_of('-'), name.size()));
  };
  const std::string_view typed = bare(word);
  // Longer words are no slip of the finger, and comparing them takes time.
  if (typed.empty() || typed.size() > 64) return ".";
  std::string begun, alike;
  for (const std::string_view candidate : known) {
    const std::string_view name = bare(candidate);
    std::string& list = name.starts_with(typed) || typed.starts_with(name) ? begun : alike;
    if (&list == &alike && edits(typed, name) > std::max<std::size_t>(typed.size() / 3, 1)) continue;
    list += concat(list.empty() ? "; did you mean " : " or ", candidate);
  }
  const std::string& near = begun.empty() ? alike : begun;
  return near.empty() ? "." : near + "?";
}

Result<Arguments> Arguments::parse(const CommandSpec& spec, std::span<const char* const> words) {
  Arguments out;
  bool only_positionals = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (!only_positionals && word == "--") {
      only_positionals = true;
      continue;
    }
    if (only_positionals || word.size() < 2 || word[0] != '-') {
      out.positionals_.emplace_back(word);
      continue;
    }
    if (word == "--help" || word == "-h") {
      out.wants_help_ = true;
      return out;
    }
    const std::size_t equals = word.find('=');
    const std::string name(word.substr(0, equals));
    const auto option = std::ranges::find(spec.options, name, &Option::name);
    if (option == spec.options.end()) {
      return unknown_option(spec, name);
    }
    std::vector<std::string>& values = out.options_[name];
    if (!values.empty() && !option->repeatable) return usage(concat("Option ", name, " is given twice."));
    if (option->value.empty()) {
      if (equals != std::string_view::npos) return usage(concat("Option ", name, " takes no value."));
      values.emplace_back();
    } else if (equals != std::string_view::npos) {
      values.emplace_back(word.substr(equals + 1));
    } else if (i + 1 < words.size()) {
      values.emplace_back(words[++i]);
    } else {
      return usage(concat("Option ", name, " needs a value: ", option->value, "."));
    }
    if (option->value == "FILE" && values.back().empty())
      return usage(concat("Option ", name, " needs a file's name, not an empty text."));
  }
  if (out.positionals_.size() < spec.positionals.size()) {
    return usage(concat(spec.name, " needs ", spec.positionals[out.positionals_.size()], "; see hadal-engine ",
                        spec.name, " --help."));
  }
  if (out.positionals_.size() > spec.positionals.size()) {
    return usage(concat(spec.name, " does not know what to do with \"",
                        printable(out.positionals_[spec.positionals.size()]), "\"."));
  }
  for (std::size_t i = 0; i < out.positionals_.size(); ++i) {
    if (out.positionals_[i].empty())
      return usage(concat(spec.name, " needs ", spec.positionals[i], ", not an empty text."));
  }
  return out;
}

std::optional<std::string> Arguments::value(std::string_view option) const {
  const auto found = options_.find(option);
  if (found == options_.end()) return std::nullopt;
  return found->second.back();
}

std::vector<std::string> Arguments::values(std::string_view option) const {
  const auto found = options_.find(option);
  return found == options_.end() ? std::vector<std::string>() : found->second;
}

Result<std::int64_t> Arguments::integer(std::string_view option, std::int64_t fallback, std::int64_t least,
                                        std::int64_t most) const {
  const auto text = value(option);
  if (!text) return fallback;
  return parse_number(option, *text, least, most, "a whole number");
}

Result<double> Arguments::number(std::string_view option, double fallback, double least, double most) const {
  const auto text = value(option);
  if (!text) return fallback;
  return parse_number(option, *text, least, most, "a number");
}

std::string help_text(const CommandSpec& spec) {
  std::string out = concat("hadal-engine ", spec.name);
  for (const auto positional : spec.positionals) out += concat(" ", positional);
  if (!spec.options.empty()) out += " [options]";
  out += concat("\n  ", spec.summary, "\n");
  for (const Option& option : spec.options) {
    std::string left = concat("  ", option.name);
    if (!option.value.empty()) left += concat(" ", option.value);
    left.resize(std::max<std::size_t>(left.size() + 2, 26), ' ');
    out += concat(left, option.meaning, "\n");
  }
  return out;
}

}  // namespace hadal::tools
