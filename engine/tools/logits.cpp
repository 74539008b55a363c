#include <cstdio>

#include "base/text.h"
#include "tools/output.h"
#include "tools/workbench.h"

namespace hadal::tools {
namespace {

/// Little-endian float32, as every processor this program runs on stores it.
Result<void> write_floats(const std::string& path, const std::vector<float>& values) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (!file) return Error{ErrorCode::io, concat("The file ", printable(path), " could not be opened for writing.")};
  const bool written = std::fwrite(values.data(), sizeof(float), values.size(), file) == values.size();
  const bool closed = std::fclose(file) == 0;
  if (!written || !closed)
    return Error{ErrorCode::io, concat("The file ", printable(path), " could not be written; is the disk full?")};
  return {};
}

int run(const Arguments& arguments) {
  const auto out = arguments.value("--out"), text = arguments.value("--ids");
  if (!out || !text) return fail_usage({ErrorCode::invalid_argument, "logits needs --ids and --out."});
  const auto options = engine_options(arguments);
  if (!options) return fail_usage(options.error());
  const auto ids = parse_ids(*text);
  if (!ids) return fail_usage(ids.error());
  auto bench = open_workbench(arguments, *options);
  if (!bench) return fail(bench.error());
  const auto logits = bench->engine->logits(*ids, arguments.has("--step"));
  if (!logits) return fail(logits.error());
  if (const auto written = write_floats(*out, *logits); !written) return fail(written.error());
  return print(concat("{\"tokens\": ", ids->size(), ", \"vocab\": ", logits->size() / ids->size(), "}\n"));
}

}  // namespace

Command logits_command() {
  return {{"logits",
           "Writes the logits after every token as little-endian float32 [ids, vocabulary].",
           {"MODEL"},
           {{"--ids", "1,2,3", "The tokens"},
            {"--out", "FILE", "Where the logits go"},
            {"--step", "", "Decode one token after another instead of all at once"},
            device_option,
            threads_option,
            context_option}},
          run};
}

}  // namespace hadal::tools
