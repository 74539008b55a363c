#include "tools/bench/report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "tools/output.h"

namespace hadal::tools {
namespace {

using json = nlohmann::ordered_json;

std::string percent(double share) {
  return concat(std::lround(100.0 * share), " %");
}

std::string padded(std::string text, std::size_t width, bool right = true) {
  if (text.size() < width) text.insert(right ? 0 : text.size(), width - text.size(), ' ');
  return text;
}

double total_seconds(const std::vector<OperationTime>& times) {
  double seconds = 0.0;
  for (const OperationTime& time : times) seconds += time.seconds;
  return seconds;
}

/// GB/s or GOP/s, whichever of the two is the limit of the phase.
double speed(const OperationTime& time, bool decode) {
  return time.seconds > 0.0 ? static_cast<double>(decode ? time.bytes : time.arithmetic) / time.seconds / 1e9 : 0.0;
}

std::string table(std::string_view title, const std::vector<OperationTime>& times, std::int64_t tokens, bool decode) {
  if (times.empty()) return {};
  const double all = total_seconds(times);
  std::size_t width = title.size();
  for (const OperationTime& time : times) width = std::max(width, time.name.size());
  std::string out = concat("\n  ", padded(std::string(title), width, false), "    calls  ms/token   share    ",
                           decode ? " GB/s" : "GOP/s", "\n");
  for (const OperationTime& time : times) {
    const double rate = speed(time, decode);
    out += concat("  ", padded(time.name, width, false), "  ", padded(concat(time.calls), 7), "  ",
                  padded(rounded(1000.0 * time.seconds / static_cast<double>(std::max<std::int64_t>(tokens, 1))), 8),
                  "  ", padded(percent(all > 0.0 ? time.seconds / all : 0.0), 6), "  ",
                  padded(rate > 0.0 ? rounded(rate) : "", 7), "\n");
  }
  return out;
}

json operations(const std::vector<OperationTime>& times, std::int64_t tokens) {
  json list = json::array();
  for (const OperationTime& time : times) {
    list.push_back(
        {{"name", time.name},
         {"calls", time.calls},
         {"milliseconds_per_token", 1000.0 * time.seconds / static_cast<double>(std::max<std::int64_t>(tokens, 1))},
         {"gb_per_s", speed(time, true)},
         {"gop_per_s", speed(time, false)}});
  }
  return list;
}

json or_null(const std::optional<double>& figure) {
  return figure ? json(*figure) : json(nullptr);
}

}  // namespace

std::string bench_text(const BenchPlan& plan, const BenchFigures& figures, const BenchSubject& subject,
                       bool breakdown) {
  const ops::ArithmeticPeaks& peaks = figures.limits.peaks;
  std::string out = concat(subject.model, " on ", subject.engine.device, "\n");
  if (plan.prompt > 0) {
    out += concat("  prefill ", rounded(figures.prefill_tokens_per_s), " tokens/s (", plan.prompt, " tokens at depth ",
                  plan.depth, ")");
    if (figures.prefill_share_of_peak) out += concat(", ", percent(*figures.prefill_share_of_peak), " of the peak");
    out += concat("\n          peak: int8 ", rounded(peaks.int8 / 1e9), ", bf16 ", rounded(peaks.bf16 / 1e9),
                  ", float32 ", rounded(peaks.float32 / 1e9), " GOP/s\n");
  }
  if (plan.generate > 0) {
    const std::string at_once = plan.requests > 1 ? concat(", ", plan.requests, " at once") : "";
    out += concat("  decode  ", rounded(figures.decode_tokens_per_s), " tokens/s (", plan.generate, " tokens at depth ",
                  plan.depth, at_once, ")");
    if (figures.decode_share_of_bandwidth)
      out += concat(", ", percent(*figures.decode_share_of_bandwidth), " of the bandwidth");
    out += concat("\n          memory is read at ", rounded(figures.limits.bytes_per_second / 1e9), " GB/s\n");
  }
  out +=
      concat("  first prompt ", rounded(figures.first_tokens_per_s), " tokens/s (", figures.first_tokens, " tokens)\n");
  out += concat("  threads ", subject.engine.threads.reading, " read, ", subject.engine.threads.writing, " write\n");
  out += concat("  loaded in ", rounded(subject.load_seconds), " s, ", human_bytes(figures.peak_memory), " at most\n");
  if (subject.ahead_seconds > 0.001) out += concat("  done ahead in ", rounded(subject.ahead_seconds), " s\n");
  if (!breakdown) return out;
  return out + table("prefill", figures.prefill_operations, plan.prompt, false) +
         table("decode", figures.decode_operations, figures.decode_tokens, true);
}

std::string bench_json(const BenchPlan& plan, const BenchFigures& figures, const BenchSubject& subject,
                       bool breakdown) {
  json out{{"prefill_tokens_per_s", figures.prefill_tokens_per_s},
           {"decode_tokens_per_s", figures.decode_tokens_per_s},
           {"prefill_share_of_peak", or_null(figures.prefill_share_of_peak)},
           {"decode_share_of_bandwidth", or_null(figures.decode_share_of_bandwidth)},
           {"bandwidth_gb_per_s", figures.limits.bytes_per_second / 1e9},
           {"int8_gop_per_s", figures.limits.peaks.int8 / 1e9},
           {"bf16_gop_per_s", figures.limits.peaks.bf16 / 1e9},
           {"float32_gop_per_s", figures.limits.peaks.float32 / 1e9},
           {"first_prompt_tokens_per_s", figures.first_tokens_per_s},
           {"reading_threads", subject.engine.threads.reading},
           {"writing_threads", subject.engine.threads.writing},
           {"load_s", subject.load_seconds},
           {"ahead_s", subject.ahead_seconds},
           {"peak_rss_bytes", figures.peak_memory},
           {"weight_bytes", subject.engine.weight_bytes},
           {"device", subject.engine.device},
           {"model", subject.model},
           {"prompt", plan.prompt},
           {"generate", plan.generate},
           {"depth", plan.depth},
           {"requests", plan.requests},
           {"repetitions", plan.repetitions}};
  if (breakdown) {
    out["breakdown"] = {{"prefill", operations(figures.prefill_operations, plan.prompt)},
                        {"decode", operations(figures.decode_operations, figures.decode_tokens)}};
  }
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace hadal::tools
