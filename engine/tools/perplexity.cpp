#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "tools/input_file.h"
#include "tools/output.h"
#include "tools/workbench.h"

namespace hadal::tools {
namespace {

struct Judgement {
  double nats = 0.0;  ///< Sum of -ln p.
  std::size_t tokens = 0;
};

/// Windows of `window` tokens, each beginning half a window after the one before. A window judges the tokens that no
/// earlier one has: the first all but its first token, the others their second half. So every token but the text's
/// first is judged once and, past the first window, sees at least half a window of text.
Result<Judgement> judge(Engine& engine, std::span<const TokenId> ids, std::size_t window) {
  Judgement out;
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

int run(const Arguments& arguments) {
  const auto path = arguments.value("--file");
  if (!path) return fail_usage({ErrorCode::invalid_argument, "perplexity needs --file."});
  auto options = engine_options(arguments);
  if (!options) return fail_usage(options.error());
  if (options->context_length == 0) options->context_length = 2048;
  options->context_length = std::max(options->context_length, 4);
  const auto text = read_text_file(*path, 1 << 30);
  if (!text) return fail(text.error());
  auto bench = open_workbench(arguments, *options);
  if (!bench) return fail(bench.error());
  const auto ids = bench->model->tokenizer().encode(*text, {.add_special = true, .parse_special = false});
  if (!ids) return fail(ids.error());
  if (ids->size() < 2)
    return fail({ErrorCode::invalid_argument, concat("The file ", printable(*path), " has less than two tokens.")});
  const EngineStatus status = bench->engine->status();
  const auto result = judge(*bench->engine, *ids, static_cast<std::size_t>(status.context_length));
  if (!result) return fail(result.error());
  const double perplexity = std::exp(result->nats / static_cast<double>(result->tokens));
  if (!arguments.has("--json"))
    return print(concat("perplexity ", perplexity, " over ", result->tokens, " tokens on ", status.device, "\n"));
  const nlohmann::json out{{"perplexity", perplexity},
                           {"tokens", result->tokens},
                           {"context", status.context_length},
                           {"device", status.device}};
  return print(out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

}  // namespace

Command perplexity_command() {
  return {{"perplexity",
           "Tells how well a model foresees a text: e to the mean of -ln p over its tokens, in windows that overlap by "
           "half.",
           {"MODEL"},
           {{"--file", "FILE", "The text; special tokens spelled in it are only text"},
            {"--json", "", "Print one JSON object: perplexity, tokens (judged: all but the first), context, device"},
            device_option,
            threads_option,
            {"--context", "N", "Tokens of a window, 4 at least (default: 2048, or what the model was trained for)"}}},
          run};
}

}  // namespace hadal::tools
