#include <algorithm>
#include <chrono>

#include "base/text.h"
#include "tools/bench/report.h"
#include "tools/output.h"
#include "tools/workbench.h"

namespace hadal::tools {
namespace {

Result<BenchPlan> plan_of(const Arguments& arguments) {
  BenchPlan plan;
  const auto read = [&](std::string_view option, std::int64_t& into, std::int64_t least,
                        std::int64_t most = 1 << 20) -> Result<void> {
    const auto value = arguments.integer(option, into, least, most);
    if (!value) return value.error();
    into = *value;
    return {};
  };
  if (auto r = read("--prompt", plan.prompt, 0); !r) return r.error();
  if (auto r = read("--generate", plan.generate, 0); !r) return r.error();
  if (auto r = read("--depth", plan.depth, 0); !r) return r.error();
  if (auto r = read("--requests", plan.requests, 1, 256); !r) return r.error();
  if (auto r = read("--repetitions", plan.repetitions, 1); !r) return r.error();
  if (plan.prompt == 0 && plan.generate == 0) {
    return Error{ErrorCode::invalid_argument, "With --prompt 0 and --generate 0 there is nothing to measure."};
  }
  return plan;
}

/// Every measured request must fit: one that the end of the context ends early measures something else.
Result<void> check_room(const BenchPlan& plan, const Workbench& bench) {
  const std::int64_t read = plan.prompt > 0 ? plan.depth + plan.prompt + 1 : 0;
  const std::int64_t written = plan.generate > 0 ? std::max<std::int64_t>(plan.depth, 1) + plan.generate + 1 : 0;
  const std::int64_t needed = std::max(read, written), context = bench.engine->status().context_length;
  if (needed <= context) return {};
  return with_choices({ErrorCode::context_full, concat("This needs a context of ", needed, " tokens, and there are ",
                                                       context, ": choose a smaller --prompt, --generate or --depth.")},
                      bench);
}

int run(const Arguments& arguments) {
  const auto plan = plan_of(arguments);
  if (!plan) return fail_usage(plan.error());
  auto options = engine_options(arguments);
  if (!options) return fail_usage(options.error());
  const auto step = arguments.integer("--step-milliseconds", options->step_milliseconds, 1, 1 << 20);
  if (!step) return fail_usage(step.error());
  options->draft_layer = false;
  options->step_milliseconds = static_cast<int>(*step);
  options->max_requests = static_cast<int>(std::max<std::int64_t>(options->max_requests, plan->requests));
  const int threads = options->threads;
  const auto before = std::chrono::steady_clock::now();
  auto bench = open_workbench(arguments, *options);
  if (!bench) return fail(bench.error());
  const double load_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
  if (auto room = check_room(*plan, *bench); !room) return fail(room.error());
  const auto figures = measure(*plan, *bench->engine, bench->model->tokenizer(), threads);
  if (!figures) return fail(figures.error());
  const BenchSubject subject{bench->model->path().filename().string(), bench->engine->status(),
                             load_seconds - bench->ahead_seconds, bench->ahead_seconds};
  const bool breakdown = arguments.has("--breakdown");
  return print(arguments.has("--json") ? bench_json(*plan, *figures, subject, breakdown)
                                       : bench_text(*plan, *figures, subject, breakdown));
}

}  // namespace

Command bench_command() {
  return {{"bench",
           "Measures how fast prompts are read and answers written, and how close that comes to what this machine can "
           "do; the best of some repetitions.",
           {"MODEL"},
           {{"--prompt", "N", "Tokens to read (default: 512)"},
            {"--generate", "N", "Tokens to write (default: 64)"},
            {"--depth", "N", "Tokens in the context before them (default: 0)"},
            {"--requests", "N", "Answers to write at once; the tokens/s are of all together (default: 1)"},
            {"--repetitions", "N", "(default: 3)"},
            {"--step-milliseconds", "N", "Longest step of the engine (default: 60)"},
            {"--breakdown", "", "The time of every operation, and its GB/s or GOP/s"},
            {"--json", "", "Print one JSON object"},
            device_option,
            threads_option,
            decode_threads_option,
            measure_threads_option,
            ahead_option,
            context_option,
            experts_used_option}},
          run};
}

}  // namespace hadal::tools
