#pragma once

#include <memory>

#include "hadal/engine.h"
#include "tools/arguments.h"

namespace hadal::tools {

inline constexpr Option device_option{"--device", "D", "auto, cpu, cuda or reference (default: auto)"};
inline constexpr Option threads_option{"--threads", "N", "Compute threads (default: 0, one per core)"};
inline constexpr Option decode_threads_option{"--decode-threads", "N",
                                              "Those of them that write answers (default: 0, all)"};
inline constexpr Option measure_threads_option{"--measure-threads", "",
                                               "Find out first how many threads read and write fastest, and use these"};
inline constexpr Option ahead_option{"--ahead", "",
                                     "Lay experts out first, as far as memory allows, instead of when they are chosen"};
inline constexpr Option context_option{"--context", "N",
                                       "Context length in tokens (default: the model's, at most 8192)"};

inline constexpr Option experts_used_option{"--experts-used", "K",
                                            "Experts of a token, fewer than the model's (default: the model's)"};

/// A model and an engine over it, as the command line wants them.
struct Workbench {
  std::shared_ptr<const Model> model;
  std::unique_ptr<Engine> engine;
  double ahead_seconds = 0.0;  ///< That --ahead and --measure-threads took.
};

/// Of --device, --threads, --decode-threads, --measure-threads, --context and --experts-used, where the command has
/// them.
Result<EngineOptions> engine_options(const Arguments& arguments);
/// The first positional is the model. What the engine has to say while it works goes to stderr. With --ahead
/// or --measure-threads nothing is left to do before the first request. `usual_context`: where
/// no --context was given, as far as the model was trained for it; 0 for the engine's own choice.
Result<Workbench> open_workbench(const Arguments& arguments, EngineOptions options, std::uint32_t usual_context = 0);

/// The engine's error as the command line's: where a longer context is a choice, with the option that makes it.
Error with_choices(Error error, const Workbench& bench);

}  // namespace hadal::tools
