#include "tools/judgement.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "tools/input_file.h"

namespace hadal::tools {
namespace {

ExpertUsage without_counts(ExpertUsage usage) {
  usage.tokens = 0;
  std::ranges::fill(usage.chosen, 0);
  std::ranges::fill(usage.weight, 0.0);
  return usage;
}

/// Of a part, whose use of the experts is added to `usage`.
Result<std::vector<double>> counted_probabilities(Engine& engine, std::span<const TokenId> part, ExpertUsage& usage) {
  const ExpertUsage before = engine.expert_usage();
  auto values = engine.log_probabilities(part);
  const ExpertUsage& after = engine.expert_usage();
  usage.tokens += after.tokens - before.tokens;
  for (std::size_t i = 0; i < usage.chosen.size(); ++i) {
    usage.chosen[i] += after.chosen[i] - before.chosen[i];
    usage.weight[i] += after.weight[i] - before.weight[i];
  }
  return values;
}

}  // namespace

double Judgement::perplexity() const {
  return std::exp(nats / static_cast<double>(tokens));
}

Result<EngineOptions> judging_options(const Arguments& arguments) {
  auto options = engine_options(arguments);
  if (!options) return options;
  options->draft_layer = false;
  if (options->context_length != 0) options->context_length = std::max(options->context_length, 4);
  return options;
}

Result<std::vector<TokenId>> judged_ids(const std::string& path, const Model& model) {
  const auto text = read_text_file(path, 1 << 30);
  if (!text) return text.error();
  auto ids = model.tokenizer().encode(*text, {.add_special = true, .parse_special = false});
  if (ids && ids->size() < 2)
    return Error{ErrorCode::invalid_argument, concat("The file ", printable(path), " has less than two tokens.")};
  return ids;
}

Result<Judgement> judge(Engine& engine, std::span<const TokenId> ids, ExpertUsage* usage) {
  Judgement out;
  if (usage) *usage = without_counts(engine.expert_usage());
  const auto window = static_cast<std::size_t>(engine.status().context_length);
  const std::size_t stride = std::max<std::size_t>(window / 2, 1);
  std::size_t judged = 1, counted = 0;  // the first token has nothing before it
  for (std::size_t first = 0; judged < ids.size(); first += stride) {
    const auto part = ids.subspan(first, std::min(window, ids.size() - first));
    // Every other window begins where the last that was counted ends.
    const bool counts = usage && first % (2 * stride) == 0;
    const auto values = counts ? counted_probabilities(engine, part, *usage) : engine.log_probabilities(part);
    if (!values) return values.error();
    if (counts) counted = first + part.size();
    for (std::size_t i = judged - first; i < part.size(); ++i) out.nats -= (*values)[i - 1];
    out.tokens += first + part.size() - judged;
    judged = first + part.size();
  }
  // The last window shared its beginning with one that was counted; what follows is computed by itself.
  if (usage && counted + 1 < ids.size()) {
    const auto rest = counted_probabilities(engine, ids.subspan(counted), *usage);
    if (!rest) return rest.error();
  }
  return out;
}

}  // namespace hadal::tools
