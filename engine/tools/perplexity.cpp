#include <nlohmann/json.hpp>

#include "base/text.h"
#include "tools/judgement.h"
#include "tools/output.h"

namespace hadal::tools {
namespace {

int run(const Arguments& arguments) {
  const auto path = arguments.value("--file");
  if (!path) return fail_usage({ErrorCode::invalid_argument, "perplexity needs --file."});
  const auto options = judging_options(arguments);
  if (!options) return fail_usage(options.error());
  const auto bench = open_workbench(arguments, *options, usual_window);
  if (!bench) return fail(bench.error());
  const auto ids = judged_ids(*path, *bench->model);
  if (!ids) return fail(ids.error());
  const auto result = judge(*bench->engine, *ids);
  if (!result) return fail(result.error());
  const EngineStatus status = bench->engine->status();
  if (!arguments.has("--json"))
    return print(
        concat("perplexity ", result->perplexity(), " over ", result->tokens, " tokens on ", status.device, "\n"));
  const nlohmann::json out{{"perplexity", result->perplexity()},
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
           {judged_file_option,
            {"--json", "", "Print one JSON object: perplexity, tokens (judged: all but the first), context, device"},
            device_option,
            threads_option,
            window_option,
            experts_used_option}},
          run};
}

}  // namespace hadal::tools
