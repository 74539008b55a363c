#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/compute_pool.h"
#include "hadal/engine.h"
#include "ops/cpu_target.h"
#include "ops/matmul/packed_matrices.h"
#include "ops/operation_log.h"
#include "runtime/draft_layer.h"
#include "runtime/forward_pass.h"
#include "runtime/kv_cache.h"
#include "runtime/kv_snapshot.h"
#include "runtime/planner.h"
#include "runtime/thread_tuner.h"

namespace hadal {

/// The engine on this machine's processor, with the SIMD operations or their plain twins.
class CpuEngine final : public Engine {
 public:
  static Result<std::unique_ptr<Engine>> create(std::shared_ptr<const Model> model, const EngineOptions& options,
                                                ops::Backend backend);

  Result<void> prepare(LoadControl* control) override;
  Result<RequestId> submit(Request request) override;
  void cancel(RequestId id) override;
  bool idle() const override { return sequences_.empty(); }
  std::vector<Event> step() override;
  EngineStatus status() const override;
  bool work_ahead() override;
  const ExpertUsage& expert_usage() const override { return pass_.expert_usage(); }
  void log_operations(bool wanted) override;
  std::vector<OperationTime> operation_times() const override;
  Result<KvSnapshot> snapshot(std::span<const TokenId> ids) override;
  Result<void> restore(const KvSnapshot& snapshot) override;
  Result<std::vector<float>> logits(std::span<const TokenId> ids, bool step) override;
  Result<std::vector<float>> draft_logits(std::span<const TokenId> ids, bool step) override;
  Result<std::vector<double>> log_probabilities(std::span<const TokenId> ids) override;

 private:
  CpuEngine(std::shared_ptr<const Model> model, const EngineOptions& options, ops::Backend backend,
            ops::CpuTarget target, std::unique_ptr<KvCache> cache);

  Result<void> check_ids(std::span<const TokenId> ids, std::size_t room_for_answer) const;
  Result<void> check_grammar(const Request& request) const;
  Result<void> end_cancelled(std::vector<Event>& events);
  Result<void> advance(std::vector<Event>& events);
  void reuse(Sequence& sequence);
  void release(Sequence& sequence);
  Result<void> make_room(std::vector<std::int32_t>& blocks, std::size_t tokens, const std::vector<Sequence*>& keep);
  bool preempt(const std::vector<Sequence*>& keep);
  Result<void> check_files();
  Result<CacheIdentity> identity();
  /// False if `interrupt` ended it.
  Result<bool> run(std::span<const Segment> segments, WantedLogits wanted, float* logits, float* hidden = nullptr,
                   const std::atomic<int>* interrupt = nullptr);
  bool measure_threads();
  Result<double> timed(const ThreadTuner::Trial& trial);
  std::size_t reading_budget(Priority priority) const;
  DecodingStep add_drafts(std::vector<Share>& shares);
  Result<bool> compute(const std::vector<Share>& shares, const std::atomic<int>* interrupt);
  Result<void> keep_results(const std::vector<Share>& shares, const DecodingStep& step, std::vector<Event>& events);
  std::optional<Ahead> to_see(const Share& share, std::size_t row, std::size_t before, bool finished,
                              const DecodingStep& step);
  Result<void> see(std::span<const Ahead> those);
  bool choose(const Share& share, const float* logits, const DecodingStep& step, std::vector<Event>& events);
  void seal_full_blocks(Sequence& sequence, std::size_t before);
  void remove_finished(const std::vector<RequestId>& finished);
  void fail_all(const Error& error, std::vector<Event>& events);
  /// compute(blocks, out) with blocks for all of `ids`, which go back, and `size` numbers to fill. `what` they are, for
  /// the sentence where memory is short.
  template <class T, class Compute>
  Result<std::vector<T>> for_text(std::span<const TokenId> ids, std::size_t size, std::string_view what,
                                  const Compute& compute);
  Result<void> compute_logits(std::span<const TokenId> ids, std::size_t chunk, std::span<const std::int32_t> blocks,
                              float* out);
  Result<void> compute_draft_logits(std::span<const TokenId> ids, std::size_t chunk,
                                    std::span<const std::int32_t> blocks, float* out);
  Result<void> compute_log_probabilities(std::span<const TokenId> ids, std::span<const std::int32_t> blocks,
                                         double* out);

  std::shared_ptr<const Model> model_;
  EngineOptions options_;  ///< Defaults resolved.
  ops::Backend backend_;
  ops::CpuTarget target_;
  ComputePool pool_;
  std::unique_ptr<KvCache> cache_;
  std::optional<Fingerprint> fingerprint_;  ///< Of the model, once somebody asked.
  ops::PackedMatrices packed_;
  bool prepared_ = false;
  std::vector<WeightView> to_pack_;  ///< Experts that work_ahead() has yet to pack, the next one last.
  std::int64_t packable_ = 0;        ///< Bytes of packed experts, with those that are packed.
  ThreadCounts threads_;             ///< In use.
  ThreadCounts measured_threads_;
  std::optional<ThreadTuner> tuner_;  ///< While there is something to measure.
  ops::OperationLog log_;
  ForwardPass pass_;
  DraftLayer layer_;
  StepBudget budget_;
  Drafter drafter_;
  std::vector<std::unique_ptr<Sequence>> sequences_;  ///< Unfinished requests in order of submission.
  std::vector<float> logits_;                         ///< [rows whose logits are wanted, vocabulary]
  RequestId next_id_ = 1;
  std::uint32_t damages_ = 0;  ///< Files' in this process, when this model's were last looked at.
  bool broken_ = false;        ///< One of them was this model's.
};

}  // namespace hadal
