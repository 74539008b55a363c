#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "tools/output.h"
#include "tools/workbench.h"

namespace hadal::tools {
namespace {

struct Plan {
  std::int64_t prompt = 512;
  std::int64_t generate = 64;
  std::int64_t depth = 0;  ///< Tokens already in the cache before what is measured.
  std::int64_t repetitions = 3;
};

struct Figures {
  double prefill_tokens_per_s = 0.0;  ///< Best repetition: others run on this machine too.
  double decode_tokens_per_s = 0.0;
};

/// Ordinary tokens in no order a cache could know from before: every repetition has its own.
std::vector<TokenId> arbitrary_tokens(const Tokenizer& tokenizer, std::int64_t count, std::uint64_t& state) {
  std::vector<TokenId> ids;
  while (static_cast<std::int64_t>(ids.size()) < count) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;  // Knuth's MMIX generator
    const auto id = static_cast<TokenId>((state >> 33) % static_cast<std::uint64_t>(tokenizer.vocabulary_size()));
    if (!tokenizer.is_control(id)) ids.push_back(id);
  }
  return ids;
}

Result<RequestStats> run_request(Engine& engine, std::vector<TokenId> prompt, int max_tokens) {
  Request request;
  request.prompt = std::move(prompt);
  request.max_tokens = max_tokens;
  request.ignore_end = true;
  if (const auto id = engine.submit(std::move(request)); !id) return id.error();
  RequestStats stats;
  while (!engine.idle()) {
    for (const Event& event : engine.step()) {
      if (event.error) return *event.error;
      if (event.kind == Event::Kind::finished) stats = event.stats;
    }
  }
  return stats;
}

Result<Figures> measure(const Plan& plan, Engine& engine, const Tokenizer& tokenizer) {
  Figures best;
  std::uint64_t state = 1;
  // The beginning is the same for all, so that the cache gives it and only what follows is computed.
  const std::vector<TokenId> depth = arbitrary_tokens(tokenizer, plan.depth, state);
  if (auto warm = run_request(engine, depth.empty() ? arbitrary_tokens(tokenizer, 32, state) : depth, 1); !warm)
    return warm.error();
  for (std::int64_t i = 0; i < plan.repetitions; ++i) {
    std::vector<TokenId> prompt = depth;
    const auto own = arbitrary_tokens(tokenizer, std::max<std::int64_t>(plan.prompt, 1), state);
    prompt.insert(prompt.end(), own.begin(), own.end());
    if (plan.prompt > 0) {
      const auto stats = run_request(engine, prompt, 1);
      if (!stats) return stats.error();
      best.prefill_tokens_per_s =
          std::max(best.prefill_tokens_per_s, (stats->prompt_tokens - stats->reused_tokens) / stats->prefill_seconds);
    }
    if (plan.generate > 0) {
      prompt.resize(std::max<std::size_t>(depth.size(), 1));
      const auto stats = run_request(engine, prompt, static_cast<int>(plan.generate) + 1);
      if (!stats) return stats.error();
      best.decode_tokens_per_s =
          std::max(best.decode_tokens_per_s, (stats->generated_tokens - 1) / stats->decode_seconds);
    }
  }
  return best;
}

std::uint64_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

Result<Plan> plan_of(const Arguments& arguments) {
  Plan plan;
  const auto read = [&](std::string_view option, std::int64_t& into, std::int64_t least) -> Result<void> {
    const auto value = arguments.integer(option, into, least, 1 << 20);
    if (!value) return value.error();
    into = *value;
    return {};
  };
  if (auto r = read("--prompt", plan.prompt, 0); !r) return r.error();
  if (auto r = read("--generate", plan.generate, 0); !r) return r.error();
  if (auto r = read("--depth", plan.depth, 0); !r) return r.error();
  if (auto r = read("--repetitions", plan.repetitions, 1); !r) return r.error();
  if (plan.prompt == 0 && plan.generate == 0) {
    return Error{ErrorCode::invalid_argument, "With --prompt 0 and --generate 0 there is nothing to measure."};
  }
  return plan;
}

/// Every measured request must fit: one that the end of the context ends early measures something else.
Result<void> check_room(const Plan& plan, const Workbench& bench) {
  const std::int64_t read = plan.prompt > 0 ? plan.depth + plan.prompt + 1 : 0;
  const std::int64_t written = plan.generate > 0 ? std::max<std::int64_t>(plan.depth, 1) + plan.generate + 1 : 0;
  const std::int64_t needed = std::max(read, written), context = bench.engine->status().context_length;
  if (needed <= context) return {};
  return with_choices({ErrorCode::context_full, concat("This needs a context of ", needed, " tokens, and there are ",
                                                       context, ": choose a smaller --prompt, --generate or --depth.")},
                      bench);
}

std::string report(const Plan& plan, const Figures& figures, const Workbench& bench, double load_seconds,
                   bool as_json) {
  const EngineStatus status = bench.engine->status();
  if (!as_json) {
    return concat(bench.model->path().filename().string(), " on ", status.device, "\n  prefill ",
                  rounded(figures.prefill_tokens_per_s), " tokens/s (", plan.prompt, " tokens at depth ", plan.depth,
                  ")\n  decode  ", rounded(figures.decode_tokens_per_s), " tokens/s (", plan.generate,
                  " tokens at depth ", plan.depth, ")\n  loaded in ", rounded(load_seconds), " s, ",
                  human_bytes(peak_memory()), " at most\n");
  }
  const nlohmann::json out{{"prefill_tokens_per_s", figures.prefill_tokens_per_s},
                           {"decode_tokens_per_s", figures.decode_tokens_per_s},
                           {"load_s", load_seconds},
                           {"peak_rss_bytes", peak_memory()},
                           {"weight_bytes", status.weight_bytes},
                           {"device", status.device},
                           {"model", bench.model->path().filename().string()},
                           {"prompt", plan.prompt},
                           {"generate", plan.generate},
                           {"depth", plan.depth},
                           {"repetitions", plan.repetitions}};
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

int run(const Arguments& arguments) {
  const auto plan = plan_of(arguments);
  if (!plan) return fail_usage(plan.error());
  auto options = engine_options(arguments);
  if (!options) return fail_usage(options.error());
  const auto step = arguments.integer("--step-milliseconds", options->step_milliseconds, 1, 1 << 20);
  if (!step) return fail_usage(step.error());
  options->step_milliseconds = static_cast<int>(*step);
  const auto before = std::chrono::steady_clock::now();
  auto bench = open_workbench(arguments, *options);
  if (!bench) return fail(bench.error());
  const double load_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
  if (auto room = check_room(*plan, *bench); !room) return fail(room.error());
  const auto figures = measure(*plan, *bench->engine, bench->model->tokenizer());
  if (!figures) return fail(figures.error());
  return print(report(*plan, *figures, *bench, load_seconds, arguments.has("--json")));
}

}  // namespace

Command bench_command() {
  return {{"bench",
           "Measures how fast prompts are read and answers written; the best of some repetitions.",
           {"MODEL"},
           {{"--prompt", "N", "Tokens to read (default: 512)"},
            {"--generate", "N", "Tokens to write (default: 64)"},
            {"--depth", "N", "Tokens in the context before them (default: 0)"},
            {"--repetitions", "N", "(default: 3)"},
            {"--step-milliseconds", "N", "Longest step of the engine (default: 60)"},
            {"--json", "", "Print one JSON object"},
            device_option,
            threads_option,
            context_option,
            experts_used_option}},
          run};
}

}  // namespace hadal::tools
