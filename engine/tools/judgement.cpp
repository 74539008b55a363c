#include "tools/judgement.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "tools/input_file.h"

namespace hadal::tools {

double Judgement::perplexity() const {
  return std::exp(nats / static_cast<double>(tokens));
}

Result<EngineOptions> judging_options(const Arguments& arguments) {
  auto options = engine_options(arguments);
  if (!options) return options;
  if (options->context_length == 0) options->context_length = 2048;
  options->context_length = std::max(options->context_length, 4);
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

Result<Judgement> judge(Engine& engine, std::span<const TokenId> ids) {
  Judgement out;
  const auto window = static_cast<std::size_t>(engine.status().context_length);
  const std::size_t stride = std::max<std::size_t>(window / 2, 1);
  std::size_t judged = 1;  // the first token has nothing before it
  for (std::size_t first = 0; judged < ids.size(); first += stride) {
    const auto part = ids.subspan(first, std::min(window, ids.size() - first));
    const auto values = engine.log_probabilities(part);
    if (!values) return values.error();
    for (std::size_t i = judged - first; i < part.size(); ++i) out.nats -= (*values)[i - 1];
    out.tokens += first + part.size() - judged;
    judged = first + part.size();
  }
  return out;
}

}  // namespace hadal::tools
