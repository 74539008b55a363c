#include "tools/arguments.h"

#include <algorithm>
#include <charconv>

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

}  // namespace

Result<Arguments> Arguments::parse(const CommandSpec& spec, std::span<const char* const> words) {
  Arguments out;
  bool only_positionals = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (!only_positionals && word == "--") {
      only_positionals = true;
      continue;
    }
    if (only_positionals || !word.starts_with("--")) {
      out.positionals_.emplace_back(word);
      continue;
    }
    if (word == "--help") {
      out.wants_help_ = true;
      return out;
    }
    const std::size_t equals = word.find('=');
    const std::string name(word.substr(0, equals));
    const auto option = std::ranges::find(spec.options, name, &Option::name);
    if (option == spec.options.end()) {
      return usage(
          concat("Unknown option ", printable(name), " for ", spec.name, "; see hadal-engine ", spec.name, " --help."));
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
  }
  if (out.positionals_.size() < spec.positionals.size()) {
    return usage(concat(spec.name, " needs ", spec.positionals[out.positionals_.size()], "; see hadal-engine ",
                        spec.name, " --help."));
  }
  if (out.positionals_.size() > spec.positionals.size()) {
    return usage(concat(spec.name, " does not know what to do with \"",
                        printable(out.positionals_[spec.positionals.size()]), "\"."));
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
