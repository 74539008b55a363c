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
  auto file = OutputFile::open(*out, arguments.positional(0));
  if (!file) return fail(file.error());
  auto bench = open_workbench(arguments, *options);
  if (!bench) return fail(bench.error());
  const auto ids = ids_in_vocabulary(*numbers, bench->model->tokenizer().vocabulary_size());
  if (!ids) return fail(ids.error());
  const auto logits = bench->engine->logits(*ids, arguments.has("--step"));
  if (!logits) return fail(with_choices(logits.error(), *bench));
  if (const auto written = file->replace(bytes_of(*logits)); !written) return fail(written.error());
  return print(concat("{\"tokens\": ", ids->size(), ", \"vocab\": ", logits->size() / ids->size(), "}\n"));
}

}  // namespace

Command logits_command() {
  return {{"logits",
           "Writes the logits after every token as little-endian float32 [ids, vocabulary].",
           {"MODEL"},
           {{"--ids", "1,2,3", "The tokens"},
            {"--out", "FILE", "Where the logits go: a regular file, replaced only when all is computed, or /dev/null"},
            {"--step", "", "Decode one token after another instead of all at once"},
            {"--json", "", "Print {\"tokens\", \"vocab\"}, as it does anyway"},
            device_option,
            threads_option,
            context_option,
            experts_used_option}},
          run};
}

}  // namespace hadal::tools
