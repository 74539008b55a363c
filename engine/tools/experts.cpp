#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>

#include "base/text.h"
#include "tools/judgement.h"
#include "tools/output.h"

namespace hadal::tools {
namespace {

using nlohmann::json;

struct Findings {
  ExpertUsage usage;
  Judgement judgement;
  std::optional<Judgement> full;  ///< With all the experts the model uses, where --experts-used asked for fewer.
};

Result<Findings> find(const Arguments& arguments, const std::string& path, const EngineOptions& options) {
  const auto bench = open_workbench(arguments, options, usual_window);
  if (!bench) return bench.error();
  if (bench->engine->expert_usage().layers == 0)
    return Error{ErrorCode::unsupported, concat(printable(bench->model->path().filename().string()),
                                                " is no mixture of experts: every token goes through all of it.")};
  const auto ids = judged_ids(path, *bench->model);
  if (!ids) return ids.error();
  Findings out;
  const auto judgement = judge(*bench->engine, *ids, &out.usage);
  if (!judgement) return judgement.error();
  out.judgement = *judgement;
  if (options.experts_used == 0) return out;
  EngineOptions whole = options;
  whole.experts_used = 0;
  whole.context_length = bench->engine->status().context_length;
  auto engine = Engine::create(bench->model, whole);
  if (!engine) return engine.error();
  const auto full = judge(**engine, *ids);
  if (!full) return full.error();
  out.full = *full;
  return out;
}

bool has_experts(const ExpertUsage& usage, std::size_t layer) {
  return std::any_of(usage.chosen.begin() + static_cast<std::ptrdiff_t>(layer * usage.experts),
                     usage.chosen.begin() + static_cast<std::ptrdiff_t>((layer + 1) * usage.experts),
                     [](std::uint64_t count) { return count > 0; });
}

json as_json(const ExpertBalance& balance) {
  return {{"max_over_mean", balance.max_over_mean}, {"variation", balance.variation}, {"entropy", balance.entropy}};
}

std::string as_json(const Findings& findings) {
  const ExpertUsage& usage = findings.usage;
  json layers = json::array();
  for (std::size_t layer = 0; layer < usage.layers; ++layer) {
    if (!has_experts(usage, layer)) continue;
    json entry = as_json(expert_balance(usage, layer));
    entry["layer"] = layer;
    for (std::size_t expert = 0; expert < usage.experts; ++expert) {
      entry["chosen"].push_back(usage.chosen[layer * usage.experts + expert]);
      entry["mean_weight"].push_back(usage.mean_weight(layer, expert));
    }
    layers.push_back(std::move(entry));
  }
  json out{{"experts", usage.experts},
           {"experts_used", usage.used},
           {"tokens_computed", usage.tokens},
           {"tokens_judged", findings.judgement.tokens},
           {"perplexity", findings.judgement.perplexity()},
           {"balance", as_json(expert_balance(usage))},
           {"layers", std::move(layers)}};
  if (findings.full) out["perplexity_with_all"] = findings.full->perplexity();
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string row(std::string_view name, const ExpertBalance& balance, const std::string& busiest) {
  char figures[96];
  std::snprintf(figures, sizeof figures, "%8.2f %10.3f %9.4f", balance.max_over_mean, balance.variation,
                balance.entropy);
  std::string left(name);
  left.resize(std::max<std::size_t>(left.size(), 6), ' ');
  return concat(left, figures, busiest, "\n");
}

/// "  17: 12.3 %" for the four experts that were chosen most.
std::string busiest(const ExpertUsage& usage, std::size_t layer) {
  const std::uint64_t* chosen = usage.chosen.data() + layer * usage.experts;
  std::vector<std::size_t> order(usage.experts);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater(), [&](std::size_t expert) { return chosen[expert]; });
  const auto total = static_cast<double>(std::accumulate(chosen, chosen + usage.experts, std::uint64_t{0}));
  std::string out;
  for (std::size_t i = 0; i < std::min<std::size_t>(4, order.size()); ++i) {
    char share[48];
    std::snprintf(share, sizeof share, "  %4zu: %4.1f %%", order[i],
                  100.0 * static_cast<double>(chosen[order[i]]) / total);
    out += share;
  }
  return out;
}

std::string as_text(const Findings& findings) {
  const ExpertUsage& usage = findings.usage;
  std::string out = concat(usage.used, " of ", usage.experts, " experts for each of ", usage.tokens,
                           " tokens; perplexity ", findings.judgement.perplexity());
  if (findings.full) out += concat(", with all that the model uses ", findings.full->perplexity());
  out += "\nlayer max/mean  variation   entropy  busiest\n";
  for (std::size_t layer = 0; layer < usage.layers; ++layer) {
    if (has_experts(usage, layer)) out += row(concat(layer), expert_balance(usage, layer), busiest(usage, layer));
  }
  return out + row("mean", expert_balance(usage), "");
}

int run(const Arguments& arguments) {
  const auto path = arguments.value("--file");
  if (!path) return fail_usage({ErrorCode::invalid_argument, "experts needs --file."});
  const auto options = judging_options(arguments);
  if (!options) return fail_usage(options.error());
  const auto findings = find(arguments, *path, *options);
  if (!findings) return fail(findings.error());
  return print(arguments.has("--json") ? as_json(*findings) : as_text(*findings));
}

}  // namespace

Command experts_command() {
  return {
      {"experts",
       "Shows how a mixture of experts spreads a text over its experts, and how evenly.",
       {"MODEL"},
       {judged_file_option,
        {"--json", "", "Print one JSON object: for each layer how often each expert was chosen and its mean weight"},
        device_option,
        threads_option,
        window_option,
        {"--experts-used", "K", "Fewer experts of a token than the model's, and what that does to the perplexity"}}},
      run};
}

}  // namespace hadal::tools
