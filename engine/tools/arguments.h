#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hadal/result.h"
#include "tools/command.h"

namespace hadal::tools {

/// A command line checked against a CommandSpec: every positional is there, every option known.
class Arguments {
 public:
  /// `words` are what follows the sub-command's name. Options may stand anywhere, as `--name value` or `--name=value`;
  /// after `--` everything is positional. A positional may not be empty. Errors are sentences for a person who typed
  /// the line.
  static Result<Arguments> parse(const CommandSpec& spec, std::span<const char* const> words);

  /// --help was among the options; nothing else was checked then.
  bool wants_help() const { return wants_help_; }

  const std::string& positional(std::size_t index) const { return positionals_[index]; }
  bool has(std::string_view option) const { return options_.contains(option); }
  /// Of an option that takes a value; the last one given.
  std::optional<std::string> value(std::string_view option) const;
  std::vector<std::string> values(std::string_view option) const;
  /// `fallback` where the option is absent; an error where its value is no number between the bounds.
  Result<std::int64_t> integer(std::string_view option, std::int64_t fallback, std::int64_t least,
                               std::int64_t most) const;
  Result<double> number(std::string_view option, double fallback, double least, double most) const;

 private:
  bool wants_help_ = false;
  std::vector<std::string> positionals_;
  std::map<std::string, std::vector<std::string>, std::less<>> options_;
};

/// "; did you mean --json?" where `word` is near one or more of `known` (few letters differ, or one begins the other),
/// otherwise ".".
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

/// What --help prints.
std::string help_text(const CommandSpec& spec);

}  // namespace hadal::tools
