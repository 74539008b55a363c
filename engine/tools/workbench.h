#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hadal/engine.h"
#include "tools/arguments.h"

namespace hadal::tools {

inline constexpr Option device_option{"--device", "D", "auto, cpu, cuda or reference (default: auto)"};
inline constexpr Option threads_option{"--threads", "N", "Compute threads (default: one per core)"};
inline constexpr Option context_option{"--context", "N",
                                       "Context length in tokens (default: the model's, at most 8192)"};

/// A model and an engine over it, as the command line wants them.
struct Workbench {
  std::shared_ptr<const Model> model;
  std::unique_ptr<Engine> engine;
};

/// Of --device, --threads and --context, where the command has them.
Result<EngineOptions> engine_options(const Arguments& arguments);
/// The first positional is the model.
Result<Workbench> open_workbench(const Arguments& arguments, const EngineOptions& options);

/// "1,2,3".
Result<std::vector<TokenId>> parse_ids(std::string_view text);

}  // namespace hadal::tools
