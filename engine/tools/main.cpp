#include <csignal>
#include <exception>
#include <new>
#include <span>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "hadal/engine.h"
#include "tools/arguments.h"
#include "tools/output.h"

namespace {

using namespace hadal;
using namespace hadal::tools;

std::vector<Command> commands() {
  return {
      inspect_command(),  tokenize_command(), detokenize_command(), logits_command(),
      generate_command(), bench_command(),    devices_command(),
  };
}

std::string overview() {
  std::string out = "hadal-engine COMMAND ...: Hadal's engine without a desktop. Commands:\n";
  for (const Command& command : commands()) {
    std::string left = concat("  ", command.spec.name);
    left.resize(16, ' ');
    out += concat(left, command.spec.summary, "\n");
  }
  return out +
         "hadal-engine COMMAND --help tells more of one. Exit codes: 1 the input is at fault, 2 the command line.\n";
}

bool asks_for_help(std::string_view word) {
  return word == "--help" || word == "-h" || word == "help";
}

int run(const Command& command, std::span<const char* const> words) try {
  const auto arguments = Arguments::parse(command.spec, words);
  if (!arguments) return fail_usage(arguments.error());
  return arguments->wants_help() ? print(help_text(command.spec)) : command.run(*arguments);
} catch (const std::bad_alloc&) {
  return fail({ErrorCode::out_of_memory, "The system has not enough memory left."});
} catch (const std::exception& error) {
  return fail({ErrorCode::io, concat("Unexpectedly, ", error.what(), ".")});
}

}  // namespace

int main(int argc, char** argv) {
  // A reader that leaves early (head) is an output error, not a signal.
  std::signal(SIGPIPE, SIG_IGN);
  const std::span<const char* const> words(argv, static_cast<std::size_t>(argc));
  if (words.size() < 2) return fail_usage({ErrorCode::invalid_argument, "Which command? See hadal-engine --help."});
  const std::string_view name = words[1];
  if (asks_for_help(name)) return print(overview());
  if (name == "--version" || name == "-v") return print(concat("hadal-engine ", engine_version(), "\n"));
  for (const Command& command : commands()) {
    if (command.spec.name == name) return run(command, words.subspan(2));
  }
  return fail_usage(
      {ErrorCode::invalid_argument, concat("There is no command \"", printable(name), "\"; see hadal-engine --help.")});
}
