#include "tools/bench/measure.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>

#include "ops/cpu_target.h"

namespace hadal::tools {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kPeakSeconds = 0.3;
/// Memory is read to see how fast it is after so much time of decoding: its speed changes from one second to the next.
constexpr double kProbeEvery = 0.25;
/// Tokens of the answer that is looked at operation by operation.
constexpr std::int64_t kLoggedTokens = 16;

/// Ordinary tokens in no order a cache could know from before: every repetition has its own.
std::vector<TokenId> arbitrary_tokens(const Tokenizer& tokenizer, std::int64_t count, std::uint64_t& state) {
  std::vector<TokenId> ids;
  while (static_cast<std::int64_t>(ids.size()) < count) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;  // Knuth's MMIX generator
    const auto id = static_cast<TokenId>((state >> 33) % static_cast<std::uint64_t>(tokenizer.vocabulary_size()));
    if (!tokenizer.is_control(id)) ids.push_back(id);
  }
  return ids;
}

std::uint64_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

class Bench {
 public:
  Bench(const BenchPlan& plan, Engine& engine, const Tokenizer& tokenizer, int threads)
      : plan_(plan), engine_(engine), tokenizer_(tokenizer), pool_(threads) {}

  Result<BenchFigures> run() {
    // The beginning is the same for all, so that the cache gives it and only what follows is computed.
    depth_ = arbitrary_tokens(tokenizer_, plan_.depth, state_);
    const auto first = request(depth_.empty() ? arbitrary_tokens(tokenizer_, 32, state_) : depth_, 1);
    if (!first) return first.error();
    figures_.first_tokens = first->prompt_tokens;
    figures_.first_tokens_per_s = first->prompt_tokens / first->prefill_seconds;
    figures_.peak_memory = peak_memory();
    if (auto done = prefill(); !done) return done.error();
    if (auto done = decode(); !done) return done.error();
    return std::move(figures_);
  }

 private:
  /// Steps until the requests are done. `between` is called behind each step with its seconds. Gives the last one's
  /// figures, with all tokens generated.
  template <class Between>
  Result<RequestStats> request(const std::vector<std::vector<TokenId>>& prompts, int max_tokens,
                               const Between& between) {
    for (const std::vector<TokenId>& prompt : prompts) {
      Request request;
      request.prompt = prompt;
      request.max_tokens = max_tokens;
      request.ignore_end = true;
      if (const auto id = engine_.submit(std::move(request)); !id) return id.error();
    }
    RequestStats stats;
    while (!engine_.idle()) {
      const auto begin = Clock::now();
      const auto events = engine_.step();
      const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
      for (const Event& event : events) {
        if (event.error) return *event.error;
        if (event.kind != Event::Kind::finished) continue;
        const int before = stats.generated_tokens;
        stats = event.stats;
        stats.generated_tokens += before;
      }
      between(seconds);
    }
    return stats;
  }
  Result<RequestStats> request(std::vector<TokenId> prompt, int max_tokens) {
    return request({std::move(prompt)}, max_tokens, [](double) {});
  }

  Result<RequestStats> read_prompt() {
    std::vector<TokenId> prompt = depth_;
    const auto own = arbitrary_tokens(tokenizer_, plan_.prompt, state_);
    prompt.insert(prompt.end(), own.begin(), own.end());
    return request(std::move(prompt), 1);
  }

  Result<void> prefill() {
    if (plan_.prompt == 0) return {};
    for (std::int64_t i = 0; i < plan_.repetitions; ++i) {
      const auto stats = read_prompt();
      if (!stats) return stats.error();
      figures_.prefill_tokens_per_s = std::max(figures_.prefill_tokens_per_s,
                                               (stats->prompt_tokens - stats->reused_tokens) / stats->prefill_seconds);
    }
    figures_.peak_memory = peak_memory();
    engine_.log_operations(true);
    const auto stats = read_prompt();
    figures_.prefill_operations = engine_.operation_times();
    engine_.log_operations(false);
    if (!stats) return stats.error();
    figures_.limits.peaks = ops::measure_peaks(pool_, target_, kPeakSeconds);
    const double rate = figures_.prefill_tokens_per_s / (stats->prompt_tokens - stats->reused_tokens);
    if (const double least = least_seconds(); least > 0.0) figures_.prefill_share_of_peak = least * rate;
    return {};
  }

  /// That the products of a prompt with weights would take at the peaks.
  double least_seconds() const {
    const ops::ArithmeticPeaks& peaks = figures_.limits.peaks;
    double seconds = 0.0;
    for (const OperationTime& time : figures_.prefill_operations) {
      const double peak = time.kind == ProductKind::int8   ? peaks.int8
                          : time.kind == ProductKind::bf16 ? peaks.bf16
                                                           : peaks.float32;
      if (time.weights && peak > 0.0) seconds += static_cast<double>(time.arithmetic) / peak;
    }
    return seconds;
  }

  /// For each request, with a token of its own at the end.
  std::vector<std::vector<TokenId>> short_prompts() {
    std::vector<std::vector<TokenId>> prompts(static_cast<std::size_t>(plan_.requests), depth_);
    for (std::vector<TokenId>& prompt : prompts) {
      if (!prompt.empty()) prompt.pop_back();
      prompt.push_back(arbitrary_tokens(tokenizer_, 1, state_).front());
    }
    return prompts;
  }

  Result<void> decode() {
    if (plan_.generate == 0) return {};
    const auto probe = ops::ReadProbe::create(pool_);
    if (!probe) return probe.error();
    std::vector<double> byte_times, bandwidths;  // seconds a token times the bandwidth: bytes that could have been read
    for (std::int64_t i = 0; i < plan_.repetitions; ++i) {
      if (auto done = decode_once(*probe, byte_times, bandwidths); !done) return done.error();
    }
    if (auto done = log_decode(); !done) return done.error();
    figures_.limits.bytes_per_second = median(bandwidths);
    double bytes = 0.0;
    for (const OperationTime& time : figures_.decode_operations) bytes += static_cast<double>(time.bytes);
    if (figures_.decode_tokens > 0 && bytes > 0.0) {
      figures_.decode_share_of_bandwidth = bytes / static_cast<double>(figures_.decode_tokens) / median(byte_times);
    }
    return {};
  }

  Result<void> decode_once(const ops::ReadProbe& probe, std::vector<double>& byte_times,
                           std::vector<double>& bandwidths) {
    double computed = 0.0, since = 0.0;
    std::int64_t steps = 0;
    std::vector<double> read;
    const auto stats = request(short_prompts(), static_cast<int>(plan_.generate) + 1, [&](double seconds) {
      // The first step reads the prompt.
      if (steps++ > 0) computed += seconds;
      since += seconds;
      if (since < kProbeEvery && !read.empty()) return;
      since = 0.0;
      // The engine's threads may still be waiting for more work on the first one's cores.
      const double first = probe.bytes_per_second(pool_, target_);
      read.push_back(std::max(first, probe.bytes_per_second(pool_, target_)));
    });
    if (!stats) return stats.error();
    if (steps < 2 || computed <= 0.0) return {};
    const double tokens = static_cast<double>(stats->generated_tokens - plan_.requests);
    figures_.decode_tokens_per_s = std::max(figures_.decode_tokens_per_s, tokens / computed);
    bandwidths.push_back(median(read));
    byte_times.push_back(computed / tokens * bandwidths.back());
    return {};
  }

  Result<void> log_decode() {
    const int tokens = static_cast<int>(std::min(plan_.generate, kLoggedTokens));
    std::int64_t steps = 0;
    const auto stats = request(short_prompts(), tokens + 1, [&](double) {
      if (steps++ == 0) engine_.log_operations(true);
    });
    figures_.decode_operations = engine_.operation_times();
    engine_.log_operations(false);
    if (!stats) return stats.error();
    figures_.decode_tokens = stats->generated_tokens - plan_.requests;
    return {};
  }

  const BenchPlan& plan_;
  Engine& engine_;
  const Tokenizer& tokenizer_;
  ComputePool pool_;
  std::size_t target_ = ops::cpu_targets().front().index;
  std::vector<TokenId> depth_;
  std::uint64_t state_ = 1;
  BenchFigures figures_;
};

}  // namespace

Result<BenchFigures> measure(const BenchPlan& plan, Engine& engine, const Tokenizer& tokenizer, int threads) {
  return Bench(plan, engine, tokenizer, threads).run();
}

}  // namespace hadal::tools
