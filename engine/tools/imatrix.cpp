#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/compute_pool.h"
#include "base/text.h"
#include "ops/cpu_target.h"
#include "runtime/gather_importance.h"
#include "tools/deferred_signals.h"
#include "tools/input_file.h"
#include "tools/output.h"
#include "tools/output_file.h"
#include "tools/workbench.h"

namespace hadal::tools {
namespace {

/// Windows as long as llama.cpp's: what is gathered depends little on it, time and memory do.
constexpr std::int64_t kWindow = 512;

Result<std::vector<TokenId>> tokens_of(const Model& model, const std::string& path) {
  const auto text = read_text_file(path, 1 << 30);
  if (!text) return text.error();
  auto ids = model.tokenizer().encode(*text, {.add_special = true, .parse_special = false});
  if (ids && ids->empty())
    return Error{ErrorCode::invalid_argument, concat("The file ", printable(path), " has no token.")};
  return ids;
}

/// One line on a terminal, rewritten in place.
void show(std::size_t done, std::size_t whole) {
  if (::isatty(STDERR_FILENO) != 1) return;
  const std::string line = concat("\rimatrix: ", done, " of ", whole, " tokens", done == whole ? "\n" : "");
  static_cast<void>(write_all(STDERR_FILENO, line, "The terminal"));
}

int run(const Arguments& arguments) {
  const auto path = arguments.value("--file"), out = arguments.value("--out");
  if (!path || !out) return fail_usage({ErrorCode::invalid_argument, "imatrix needs --file and --out."});
  const auto threads = arguments.integer("--threads", 0, 0, 1024);
  if (!threads) return fail_usage(threads.error());
  const auto wanted = arguments.integer("--context", kWindow, 2, 1 << 24);
  if (!wanted) return fail_usage(wanted.error());
  // Tells whether the file can be written before the long computation; nothing of it stays.
  if (const auto writable = OutputFile::open(*out, std::array{arguments.positional(0), *path}); !writable)
    return fail(writable.error());
  if (const auto place = AtomicFile::create(*out, 0); !place) return fail(place.error());
  const auto model = Model::load(arguments.positional(0));
  if (!model) return fail(model.error());
  const auto ids = tokens_of(**model, *path);
  if (!ids) return fail(ids.error());
  const auto target = ops::choose_cpu_target({});
  if (!target) return fail(target.error());
  const std::int64_t trained = std::max<std::int64_t>((*model)->info().context_length, 1);
  const auto window = static_cast<std::int32_t>(std::min({*wanted, trained, static_cast<std::int64_t>(ids->size())}));
  const DeferredSignals signals;
  ComputePool pool(static_cast<int>(*threads));
  const auto matrix = gather_importance(**model, {pool, ops::Backend::cpu, target->index}, *ids, window,
                                        [&](std::size_t done) { return show(done, ids->size()), !signals.pending(); });
  if (!matrix) return fail(matrix.error());
  const auto chunks = (ids->size() + static_cast<std::size_t>(window) - 1) / static_cast<std::size_t>(window);
  const auto written = matrix->write(*out, {std::filesystem::path(*path).filename().string(),
                                            static_cast<std::uint32_t>(chunks), static_cast<std::uint32_t>(window)});
  if (!written) return fail(written.error());
  const std::size_t entries = matrix->entries().size();
  if (!arguments.has("--json"))
    return print(
        concat(printable(*out, 4096), ": ", counted(entries, "tensor"), ", ", counted(ids->size(), "token"), "\n"));
  const nlohmann::json document{{"file", *out}, {"tensors", entries}, {"tokens", ids->size()}, {"context", window}};
  return print(document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

}  // namespace

Command imatrix_command() {
  return {{"imatrix",
           "Gathers from a text how much the columns of a model's matrices count, for quantize --imatrix.",
           {"MODEL"},
           {{"--file", "FILE", "The text: like what the model is meant for, some thousand tokens at least"},
            {"--out", "FILE", "Where the matrix goes: replaced only when all is gathered"},
            {"--context", "N", "Tokens of a window (default: 512)"},
            {"--json", "", "Print one JSON object: file, tensors, tokens, context"},
            threads_option}},
          run};
}

}  // namespace hadal::tools
