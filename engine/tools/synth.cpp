#include <sys/resource.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "models/quantisation_mix.h"
#include "tools/arguments.h"
#include "tools/deferred_signals.h"
#include "tools/output.h"
#include "tools/progress.h"
#include "tools/synth/fill.h"
#include "tools/synth/shape.h"
#include "tools/synth/vocabulary.h"

namespace hadal::tools {
namespace {

struct Order {
  Shape shape;
  QuantisationMix mix{};
  std::uint64_t seed = 1;
  int threads = 0;
};

std::string listed(const auto& items, auto name) {
  std::string out;
  for (const auto& item : items) out += concat(out.empty() ? "" : ", ", name(item));
  return out;
}

Result<Order> order_of(const Arguments& arguments) {
  Order order;
  const Shape* shape = find_shape(arguments.positional(0));
  if (shape == nullptr) {
    return Error{ErrorCode::invalid_argument,
                 concat("There is no shape \"", printable(arguments.positional(0)), "\"; there are ",
                        listed(shapes(), std::mem_fn(&Shape::name)), ".")};
  }
  const std::string type = arguments.value("--type").value_or("");
  const auto mix = find_quantisation_mix(type);
  if (!mix) {
    return Error{ErrorCode::invalid_argument,
                 concat(type.empty() ? "Which --type? There are "
                                     : concat("There is no type \"", printable(type), "\"; there are "),
                        listed(quantisation_mixes(), std::mem_fn(&MixTraits::name)), ".")};
  }
  order.shape = *shape;
  order.mix = *mix;
  const auto layers = arguments.integer("--layers", static_cast<std::int64_t>(shape->layers), 1,
                                        static_cast<std::int64_t>(shape->layers));
  if (!layers) return layers.error();
  const auto seed = arguments.integer("--seed", 1, 0, INT64_MAX);
  if (!seed) return seed.error();
  const auto threads = arguments.integer("--threads", 0, 0, 1024);
  if (!threads) return threads.error();
  order.shape.layers = static_cast<std::uint64_t>(*layers);
  order.shape.experts.dense_layers = std::min(order.shape.experts.dense_layers, order.shape.layers);
  order.seed = static_cast<std::uint64_t>(*seed);
  order.threads = static_cast<int>(*threads);
  return order;
}

GgufPlan plan_of(const Order& order, const std::vector<ShapedTensor>& tensors) {
  GgufPlan plan;
  describe_shape(order.shape, plan);
  plan.number("general.file_type", mix_traits(order.mix).file_type);
  describe_vocabulary(order.shape.tokens, order.shape.vocabulary, plan);
  const MixModel model{static_cast<std::int64_t>(order.shape.layers + order.shape.draft_layers), false};
  for (const ShapedTensor& tensor : tensors) {
    plan.tensor(tensor.name, choose_type(order.mix, model, {tensor.name, tensor.shape}).type, tensor.shape);
  }
  return plan;
}

std::uint64_t parameters(const std::vector<ShapedTensor>& tensors) {
  std::uint64_t sum = 0;
  for (const ShapedTensor& tensor : tensors) {
    std::uint64_t elements = 1;
    for (const std::uint64_t size : tensor.shape) elements *= size;
    sum += elements;
  }
  return sum;
}

/// `seconds` is 0 where nothing was written.
std::string report(const std::string& path, std::uint64_t parameters, std::uint64_t bytes, double seconds,
                   bool as_json) {
  const double speed = seconds > 0.0 ? static_cast<double>(bytes) / seconds : 0.0;
  if (!as_json && seconds == 0.0) return concat(path, " will take ", human_bytes(bytes), "\n");
  if (!as_json) {
    return concat(path, ": ", human_bytes(bytes), " in ", rounded(seconds), " s, ",
                  human_bytes(static_cast<std::uint64_t>(speed)), "/s\n");
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const nlohmann::ordered_json out{{"file_bytes", bytes},
                                   {"parameters", parameters},
                                   {"seconds", seconds},
                                   {"bytes_per_s", speed},
                                   {"peak_rss_bytes", static_cast<std::uint64_t>(usage.ru_maxrss) * 1024}};
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

/// Returns the seconds it took.
Result<double> write_model(const Order& order, const std::string& path, GgufPlan plan,
                           const std::vector<ShapedTensor>& tensors, const DeferredSignals& signals) {
  auto writer = GgufWriter::create(path, std::move(plan));
  if (!writer) return writer.error();
  Progress progress("synth", writer->plan().data_bytes());
  ComputePool pool(order.threads);
  auto done = fill_tensors(*writer, tensors, order.seed, pool, [&](std::uint64_t written) {
    progress.show(written);
    return !signals.pending();
  });
  if (done) done = writer->finish();
  if (!done) return done.error();
  return progress.seconds();
}

int run(const Arguments& arguments) {
  const auto order = order_of(arguments);
  if (!order) return fail_usage(order.error());
  const std::string& path = arguments.positional(1);
  const std::vector<ShapedTensor> tensors = shaped_tensors(order->shape);
  GgufPlan plan = plan_of(*order, tensors);
  const std::uint64_t bytes = plan.file_bytes();
  double seconds = 0.0;
  if (!arguments.has("--forecast")) {
    const DeferredSignals signals;
    const auto written = write_model(*order, path, std::move(plan), tensors, signals);
    if (!written) return fail(written.error());
    seconds = *written;
  }
  return print(report(path, parameters(tensors), bytes, seconds, arguments.has("--json")));
}

}  // namespace

Command synth_command() {
  return {{"synth",
           "Writes a model of a published shape with random weights, to measure speed and memory without a download.",
           {"SHAPE", "OUT"},
           {{"--type", "T", "How weights are stored: F16, Q8_0, Q4_0, Q4_K_M, deepseek, ..."},
            {"--layers", "N", "Only the first N layers, and a draft layer where the model has one (default: all)"},
            {"--seed", "S", "Other random numbers (default: 1)"},
            {"--threads", "N", "Threads (default: 0, one per core)"},
            {"--forecast", "", "Only tell how large the file would be"},
            {"--json", "", "Print size, time and memory as a JSON object"}}},
          run};
}

}  // namespace hadal::tools
