// What the engine does while nobody asks for anything.

#include <algorithm>
#include <new>

#include "models/model_impl.h"
#include "runtime/cpu_engine.h"
#include "runtime/pack_matrices.h"

namespace hadal {
namespace {

/// Of a measurement: a prompt this long reads the weights once for many tokens, as longer ones do.
constexpr std::size_t kReadTokens = 32;

/// Leaves no trace but the time.
struct Measurement {
  KvCache& cache;
  ComputePool& pool;
  ForwardPass& pass;
  std::vector<std::int32_t> blocks{};

  Measurement(KvCache& its_cache, ComputePool& its_pool, ForwardPass& its_pass)
      : cache(its_cache), pool(its_pool), pass(its_pass) {
    pass.count_experts(false);
  }
  ~Measurement() {
    cache.release(blocks);
    pool.use(pool.size());
    pass.count_experts(true);
  }
  Measurement(const Measurement&) = delete;
  Measurement& operator=(const Measurement&) = delete;
};

}  // namespace

bool CpuEngine::work_ahead() {
  if (!sequences_.empty() || !prepared_) return false;
  try {
    if (!check_files()) return false;
    pool_.use(pool_.size());
    if (pack_some(pool_, target_.index, packed_, to_pack_)) return true;
    return tuner_ && measure_threads();
  } catch (const std::bad_alloc&) {
    return false;  // It is done when it is needed, or fails then.
  }
}

/// One trial; false once there is nothing more to measure.
bool CpuEngine::measure_threads() {
  if (const auto trial = tuner_->next()) {
    const auto seconds = timed(*trial);
    if (seconds) tuner_->took(*seconds);
    if (seconds || seconds.error().code == ErrorCode::cancelled) return true;
    tuner_.reset();
    return false;
  }
  measured_threads_ = tuner_->best();
  if (measured_threads_.reading > 0) threads_ = measured_threads_;
  tuner_.reset();
  return false;
}

/// Reads a few tokens that mean nothing, or writes one behind them. Fails with cancelled if it was interrupted.
Result<double> CpuEngine::timed(const ThreadTuner::Trial& trial) {
  const auto vocabulary = static_cast<std::size_t>(model_->impl().decoder->vocabulary_size());
  const std::size_t tokens = std::min(kReadTokens, static_cast<std::size_t>(options_.context_length) - 1);
  std::vector<TokenId> ids;
  for (std::size_t i = 0; i <= tokens; ++i) ids.push_back(static_cast<TokenId>((i * 7919 + 1) % vocabulary));
  logits_.resize(vocabulary);
  Measurement measurement(*cache_, pool_, pass_);
  if (auto room = make_room(measurement.blocks, ids.size(), {}); !room) return room.error();
  const Segment segment{ids, measurement.blocks, trial.reading ? 0 : tokens, trial.reading ? tokens : 1};
  pool_.use(trial.threads);
  const Clock::time_point before = Clock::now();
  const auto done = run({&segment, 1}, WantedLogits::last, logits_.data(), nullptr, options_.interrupt.get());
  if (!done) return done.error();
  if (!*done) return Error{ErrorCode::cancelled, "Measuring was interrupted."};
  return std::chrono::duration<double>(Clock::now() - before).count();
}

}  // namespace hadal
