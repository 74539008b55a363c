#include <array>

#include "base/text.h"
#include "tools/output.h"
#include "tools/output_file.h"
#include "tools/token_ids.h"
#include "tools/workbench.h"

namespace hadal::tools {
namespace {

/// Little-endian float32, as every processor this program runs on stores it.
std::string_view bytes_of(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

int run(const Arguments& arguments) {
  const auto out = arguments.value("--out"), list = arguments.value("--ids");
  if (!out || !list) return fail_usage({ErrorCode::invalid_argument, "logits needs --ids and --out."});
  const auto options = engine_options(arguments);
  if (!options) return fail_usage(options.error());
  const auto numbers = split_ids(*list);
  if (!numbers) return fail_usage(numbers.error());
  auto file = OutputFile::open(*out, std::array{arguments.positional(0)});
  if (!file) return fail(file.error());
  auto bench = open_workbench(arguments, *options);
  if (!bench) return fail(bench.error());
  const auto ids = ids_in_vocabulary(*numbers, bench->model->tokenizer().vocabulary_size());
  if (!ids) return fail(ids.error());
  const bool step = arguments.has("--step");
  const auto logits =
      arguments.has("--draft") ? bench->engine->draft_logits(*ids, step) : bench->engine->logits(*ids, step);
  if (!logits) return fail(with_choices(logits.error(), *bench));
  if (const auto written = file->replace(bytes_of(*logits)); !written) return fail(written.error());
  const std::size_t rows = ids->size() - (arguments.has("--draft") ? 1 : 0);
  return print(concat("{\"tokens\": ", rows, ", \"vocab\": ", logits->size() / rows, "}\n"));
}

}  // namespace

Command logits_command() {
  return {{"logits",
           "Writes the logits after every token as little-endian float32 [ids, vocabulary].",
           {"MODEL"},
           {{"--ids", "1,2,3", "The tokens"},
            {"--out", "FILE", "Where the logits go: a regular file, replaced only when all is computed, or /dev/null"},
            {"--step", "", "Decode one token after another instead of all at once"},
            {"--draft", "", "Of the multi-token prediction layer instead: row i guesses token i + 2; one row less"},
            {"--json", "", "Print {\"tokens\", \"vocab\"}, as it does anyway"},
            device_option,
            threads_option,
            context_option,
            experts_used_option}},
          run};
}

}  // namespace hadal::tools
