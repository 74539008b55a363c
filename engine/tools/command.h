#pragma once

#include <string_view>
#include <vector>

namespace hadal::tools {

class Arguments;

/// An option of a sub-command, as its --help shows it.
struct Option {
  std::string_view name;     ///< "--max-tokens"
  std::string_view value;    ///< Placeholder, "N"; empty for a flag.
  std::string_view meaning;  ///< One line.
  bool repeatable = false;   ///< May be given more than once.
};

/// A sub-command's contract: what it takes and how it is described.
struct CommandSpec {
  std::string_view name;
  std::string_view summary;                   ///< One line.
  std::vector<std::string_view> positionals;  ///< "MODEL": all of them required.
  std::vector<Option> options;
};

struct Command {
  CommandSpec spec;
  int (*run)(const Arguments& arguments);  ///< Returns the exit code.
};

/// One file per sub-command defines one of these; main.cpp lists them.
Command inspect_command();
Command tokenize_command();
Command detokenize_command();
Command logits_command();
Command generate_command();
Command perplexity_command();
Command experts_command();
Command bench_command();
Command devices_command();
Command synth_command();
Command template_command();
Command quantize_command();
Command imatrix_command();

}  // namespace hadal::tools
