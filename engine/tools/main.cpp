#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
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
      inspect_command(),  tokenize_command(),   detokenize_command(), template_command(), logits_command(),
      generate_command(), perplexity_command(), experts_command(),    bench_command(),    devices_command(),
      quantize_command(), imatrix_command(),    synth_command(),
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

Error unknown_command(std::string_view name) {
  std::vector<std::string_view> known;
  for (const Command& command : commands()) known.push_back(command.spec.name);
  return {ErrorCode::invalid_argument, concat("There is no command \"", printable(name), "\"",
                                              did_you_mean(name, known), " See hadal-engine --help.")};
}

/// A standard stream that the caller closed would be the number of the next file opened, and what is meant for the
/// stream would go there. In its place comes one that refuses.
void fill_closed_streams() {
  for (int descriptor = 0; descriptor <= 2; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest free number is taken, which is this one. The wrong way round: reading stdin, writing stdout fail.
    static_cast<void>(::open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY));
  }
}

/// The mapped model shrank under us, or its disk failed: no answer can come of it. Only async-signal-safe calls.
extern "C" void end_on_bus_error(int) {
  static constexpr std::string_view sentence =
      "hadal-engine: The model file was cut short while it was in use, or its disk failed; check it and start again.\n";
  static_cast<void>(!::write(STDERR_FILENO, sentence.data(), sentence.size()));
  ::_exit(exit_input);
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
  // Likewise a file beyond the limit of the shell (ulimit -f).
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGBUS, end_on_bus_error);
  fill_closed_streams();
  const std::span<const char* const> words(argv, static_cast<std::size_t>(argc));
  if (words.size() < 2) return fail_usage({ErrorCode::invalid_argument, "Which command? See hadal-engine --help."});
  const std::string_view name = words[1];
  if (asks_for_help(name)) return print(overview());
  if (name == "--version" || name == "-v") return print(concat("hadal-engine ", engine_version(), "\n"));
  for (const Command& command : commands()) {
    if (command.spec.name == name) return run(command, words.subspan(2));
  }
  return fail_usage(unknown_command(name));
}
