#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/atomic_file.h"
#include "base/compute_pool.h"
#include "base/text.h"
#include "models/open_checkpoint.h"
#include "models/quantise_model.h"
#include "ops/cpu_target.h"
#include "tools/deferred_signals.h"
#include "tools/kept_files.h"
#include "tools/output.h"
#include "tools/progress.h"
#include "tools/workbench.h"

namespace hadal::tools {
namespace {

using Json = nlohmann::ordered_json;

Result<QuantisationMix> mix_of(const Arguments& arguments) {
  std::string known;
  for (const MixTraits& traits : quantisation_mixes()) known += concat(known.empty() ? "" : ", ", traits.name);
  const auto name = arguments.value("--type");
  if (!name) return Error{ErrorCode::invalid_argument, concat("quantize needs --type: one of ", known, ".")};
  const auto mix = find_quantisation_mix(*name);
  if (mix) return *mix;
  return Error{ErrorCode::invalid_argument,
               concat("Option --type takes one of ", known, ", not \"", printable(*name), "\".")};
}

/// "blk.3.attn_q.weight" of whatever layer.
std::string without_layer(std::string_view name) {
  std::size_t from = 0;
  if (name.starts_with("blk.")) from = std::min(name.find('.', 4), name.size() - 1) + 1;
  const std::size_t suffix = name.ends_with(".weight") ? 7 : 0;
  return std::string(name.substr(from, name.size() - from - suffix));
}

/// One sentence for all tensors that fell back for the same reason.
std::vector<std::string> fallback_sentences(std::span<const TensorQuantisation> tensors) {
  struct Group {
    std::size_t count = 0;
    std::map<std::string, std::size_t> names;
  };
  std::map<std::array<std::int64_t, 3>, Group> groups;  // by wanted type, type and columns
  for (const TensorQuantisation& work : tensors) {
    if (!work.choice.fell_back()) continue;
    Group& group = groups[{static_cast<std::int64_t>(work.choice.wanted), static_cast<std::int64_t>(work.choice.type),
                           work.tensor.columns()}];
    ++group.count;
    ++group.names[without_layer(work.tensor.name)];
  }
  std::vector<std::string> out;
  for (const auto& [key, group] : groups) {
    const DTypeTraits& wanted = dtype_traits(static_cast<DType>(key[0]));
    const DTypeTraits& type = dtype_traits(static_cast<DType>(key[1]));
    std::string names;
    for (const auto& [name, count] : group.names)
      names += concat(names.empty() ? "" : ", ", printable(name), " x ", count);
    out.push_back(concat(counted(group.count, "tensor"), " of ", key[2], " columns, which ", wanted.name,
                         "'s blocks of ", wanted.block_size, " do not divide: ", type.name, " instead (", names, ")."));
  }
  return out;
}

std::map<std::string, std::size_t> type_counts(std::span<const TensorQuantisation> tensors) {
  std::map<std::string, std::size_t> counts;
  for (const TensorQuantisation& work : tensors) ++counts[std::string(dtype_traits(work.choice.type).name)];
  return counts;
}

double bits_of(const ModelQuantiser& plan) {
  return 8.0 * static_cast<double>(plan.file_bytes()) /
         static_cast<double>(std::max<std::uint64_t>(plan.elements(), 1));
}

/// What is going to be done, before it is.
void tell_plan(const std::string& out, const ModelQuantiser& plan, bool weighed) {
  std::string types;
  for (const auto& [name, count] : type_counts(plan.tensors()))
    types += concat(types.empty() ? "" : ", ", count, " x ", name);
  note(concat(printable(out, 4096), " will have ", human_bytes(plan.file_bytes()), ", ", rounded(bits_of(plan)),
              " bits a weight: ", types, "."));
  for (const std::string& sentence : fallback_sentences(plan.tensors())) note(sentence);
  std::size_t again = 0, unweighed = 0;
  for (const TensorQuantisation& work : plan.tensors()) {
    const bool blocks = dtype_traits(work.choice.type).block_size > 1;
    again += blocks && dtype_traits(work.source_type()).block_size > 1 && work.source_type() != work.choice.type;
    unweighed += weighed && blocks && !work.weighed;
  }
  if (again > 0)
    note(concat(counted(again, "tensor"), " of the source ", again == 1 ? "is" : "are",
                " quantised already: the errors add to the new ones."));
  if (unweighed > 0)
    note(concat(counted(unweighed, "tensor"), unweighed == 1 ? " is" : " are",
                " not in the importance matrix: all columns count alike there."));
}

/// `seconds`: nothing where nothing was written.
std::string report(const std::string& out, const ModelQuantiser& plan, std::optional<double> seconds, bool json) {
  const std::string size = human_bytes(plan.file_bytes());
  if (!json && !seconds) return concat(printable(out, 4096), " will take ", size, "\n");
  if (!json) return concat(printable(out, 4096), ": ", size, " in ", rounded(*seconds), " s\n");
  Json document{{"file", out},
                {"file_bytes", plan.file_bytes()},
                {"source_bytes", plan.source_bytes()},
                {"bits_per_weight", bits_of(plan)},
                {"seconds", seconds.value_or(0.0)},
                {"tensor_types", type_counts(plan.tensors())},
                {"fell_back", Json::array()}};
  for (const TensorQuantisation& work : plan.tensors()) {
    if (!work.choice.fell_back()) continue;
    document["fell_back"].push_back({{"tensor", work.tensor.name},
                                     {"columns", work.tensor.columns()},
                                     {"wanted", std::string(dtype_traits(work.choice.wanted).name)},
                                     {"type", std::string(dtype_traits(work.choice.type).name)}});
  }
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// A matrix of another model has nothing to say about this one.
Result<void> check_importance(const ImportanceMatrix& importance, const ModelQuantiser& plan) {
  for (const TensorQuantisation& work : plan.tensors()) {
    const StackedTensor& tensor = work.tensor;
    if (auto fits = importance.check(tensor.name, tensor.columns(), tensor.matrices()); !fits) return fits;
  }
  return {};
}

/// Returns the seconds it took.
Result<double> write_model(const std::string& out, ModelQuantiser& plan, int threads, const DeferredSignals& signals) {
  const auto target = ops::choose_cpu_target({});
  if (!target) return target.error();
  Progress progress("quantize", plan.source_bytes());
  ComputePool pool(threads);
  const auto tell = [&](std::uint64_t done) { return progress.show(done), !signals.pending(); };
  const auto written = plan.write(out, {pool, ops::Backend::cpu, target->index}, tell);
  return written ? Result<double>(progress.seconds()) : written.error();
}

int run(const Arguments& arguments) {
  const std::string &in = arguments.positional(0), &out = arguments.positional(1);
  const auto mix = mix_of(arguments);
  if (!mix) return fail_usage(mix.error());
  const auto threads = arguments.integer("--threads", 0, 0, 1024);
  if (!threads) return fail_usage(threads.error());
  const std::string importance_path = arguments.value("--imatrix").value_or("");
  if (auto checked = check_output(out, std::array{in, importance_path}); !checked) return fail(checked.error());
  const auto source = open_checkpoint(in);
  if (!source) return fail(source.error());
  std::optional<ImportanceMatrix> importance;
  if (!importance_path.empty()) {
    auto read = ImportanceMatrix::read(importance_path);
    if (!read) return fail(read.error());
    importance = std::move(*read);
  }
  auto plan = ModelQuantiser::plan(*source, *mix, importance ? &*importance : nullptr);
  if (!plan) return fail(plan.error());
  if (auto fits = importance ? check_importance(*importance, *plan) : Result<void>(); !fits) return fail(fits.error());
  std::optional<double> seconds;
  if (arguments.has("--forecast")) {
    tell_plan(out, *plan, importance.has_value());
  } else {
    // An output that cannot be is told before anything is said about it; nothing of this stays.
    if (const auto place = AtomicFile::create(out, plan->file_bytes()); !place) return fail(place.error());
    tell_plan(out, *plan, importance.has_value());
    const DeferredSignals signals;
    const auto written = write_model(out, *plan, static_cast<int>(*threads), signals);
    if (!written) return fail(written.error());
    seconds = *written;
  }
  return print(report(out, *plan, seconds, arguments.has("--json")));
}

}  // namespace

Command quantize_command() {
  return {{"quantize",
           "Writes a model as a GGUF file with weights of fewer bits.",
           {"MODEL", "OUT"},
           {{"--type", "T", "Q8_0, Q6_K, Q5_K_M, Q4_K_M, IQ4_NL, Q4_0, deepseek (for many experts), F16 ..."},
            {"--imatrix", "FILE", "How much the columns of each matrix count, from hadal-engine imatrix"},
            {"--forecast", "", "Only tell how large the file would be, and its types"},
            {"--json", "", "Print one JSON object: sizes, types, what fell back to another type"},
            threads_option}},
          run};
}

}  // namespace hadal::tools
