#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hadal/expert_usage.h"
#include "hadal/grammar.h"
#include "hadal/kv_snapshot.h"
#include "hadal/log.h"
#include "hadal/model.h"
#include "hadal/operation_time.h"
#include "hadal/result.h"
#include "hadal/sampling.h"

namespace hadal {

enum class Device {
  automatic,  ///< The best that is there.
  cpu,        ///< SIMD kernels.
  cuda,       ///< The GPU module.
  reference,  ///< Plain scalar code in float32: slow, the yardstick for the others.
};

struct EngineOptions {
  Device device = Device::automatic;
  int threads = 0;          ///< Compute threads; 0: one per core the process may use.
  int reading_threads = 0;  ///< Those of them that read prompts ...
  int writing_threads = 0;  ///< ... and that write answers; 0: all.
  /// work_ahead() finds out with how many threads this machine is fastest, and uses so many.
  bool measure_threads = false;
  int context_length = 0;  ///< Tokens of one request, prompt and answer together; 0: the model's, at most 8192.
  int max_requests = 4;    ///< Requests computed in one step; more wait in line.
  /// Memory of the KV cache at most. What is left of it beside the running requests keeps the texts of earlier ones,
  /// whose beginnings later requests share; the least recently used go first. One context always fits. 0: max_requests
  /// contexts, but beyond the first no more than a quarter of the memory that is free.
  std::uint64_t cache_bytes = 0;
  /// A step should not take longer than this, so that cancelling and priorities act soon: prefill is cut into
  /// chunks by the speed measured so far.
  int step_milliseconds = 60;
  /// The same of steps in which nobody waits for a next token: prompts are read faster in large pieces, since the
  /// weights come from memory once for each. With many experts that is most of the time: a few dozen tokens choose as
  /// many of them as some hundred do.
  int prompt_milliseconds = 8000;
  /// While it is above 0, which any thread may make it, a step that reads prompts ends within a layer and has changed
  /// nothing. So whoever wants to cancel, or to submit something more urgent, need not wait for a long step. May be
  /// null; where it is not, completions are read 512 tokens a step, however long that takes: the first token of a
  /// prompt of 1,024 comes within two steps.
  std::shared_ptr<const std::atomic<int>> interrupt{};
  /// Routed experts of a token, where fewer than the model was trained with are wanted: faster, and worse. 0: the
  /// model's. Refused for models without experts, and above what the model uses.
  int experts_used = 0;
  /// Keep what a model's multi-token prediction layer needs to guess tokens (Request::drafts): its part of the cache,
  /// and the time of that one layer for every token. Without effect for models that have none.
  bool draft_layer = true;
  /// For measurements: guess whatever it costs (Request::drafts), not only where steps were measured to gain by it.
  bool eager_drafts = false;
  LogSink log{};
};

/// Higher runs first; a lower one is held back while a higher one has work.
enum class Priority { background, chat, completion };

struct Request {
  std::vector<TokenId> prompt;
  SamplingOptions sampling;
  int max_tokens = 0;             ///< 0: until the model ends or the context is full.
  std::vector<std::string> stop;  ///< Generation ends before the first of these; they are not part of the text.
  Priority priority = Priority::chat;
  bool ignore_end = false;  ///< Go on after tokens that end the text: for measurements.
  /// Control tokens whose spelling is part of the text; all others leave no trace in it. answer_tags() of reasoning.h
  /// gives those an AnswerParser wants to see. Tokens that end the text are never spelled.
  std::vector<TokenId> spelled;
  /// Guess tokens from the text so far, or by the model's own layer for it, and compute them together with the next
  /// one, where that is faster. The answer stays the same, to the bits of its log-probabilities; its tokens come
  /// several at a time.
  bool drafts = false;
  /// For measurements: the answer begins with these tokens, whatever the model would choose. Not with a grammar.
  std::vector<TokenId> forced;
  /// The form the answer must have; null: any. Of the model's own tokenizer, and not together with ignore_end.
  std::shared_ptr<const Grammar> grammar;
};

using RequestId = std::uint64_t;

enum class FinishReason { end_of_text, stop_string, max_tokens, context_full, cancelled, failed };

struct RequestStats {
  int prompt_tokens = 0;
  int reused_tokens = 0;  ///< Of the prompt, found in the cache.
  int generated_tokens = 0;
  int drafted_tokens = 0;          ///< Guessed and computed (Request::drafts) ...
  int accepted_tokens = 0;         ///< ... and right: part of generated_tokens.
  int layer_drafted_tokens = 0;    ///< Of drafted_tokens, those of the model's draft layer ...
  int layer_accepted_tokens = 0;   ///< ... and of accepted_tokens.
  double prefill_seconds = 0;      ///< From the first step that worked on the request to its first token.
  double first_token_seconds = 0;  ///< From submit() to the first token.
  double decode_seconds = 0;       ///< From the first token to the last.
};

struct Event {
  enum class Kind { prefill, text, finished };
  RequestId request = 0;
  Kind kind = Kind::text;
  std::string text;                     ///< Kind::text: whole UTF-8 characters, never empty.
  std::vector<TokenId> tokens;          ///< Kind::text and Kind::finished: generated since the last such event.
  std::vector<TokenLogprobs> logprobs;  ///< One for each of `tokens` if the request asked for them.
  int prompt_done = 0;                  ///< Kind::prefill: prompt tokens in the cache so far.
  int prompt_total = 0;                 ///< Kind::prefill.
  FinishReason reason = FinishReason::end_of_text;  ///< Kind::finished.
  std::optional<Error> error;                       ///< Kind::finished with FinishReason::failed.
  RequestStats stats;                               ///< Kind::text and Kind::finished: so far.
};

/// Threads that compute, for prompts and for answers; 0: not known.
struct ThreadCounts {
  int reading = 0;
  int writing = 0;
  bool operator==(const ThreadCounts&) const = default;
};

struct EngineStatus {
  std::string device;  ///< For a person: "CPU, 2 threads, AVX512".
  int context_length = 0;
  std::uint64_t weight_bytes = 0;
  std::uint64_t cache_bytes = 0;  ///< Of the KV cache, ever written.
  int running = 0;
  int waiting = 0;
  ThreadCounts threads;           ///< In use.
  ThreadCounts measured_threads;  ///< Once they were measured, see EngineOptions::measure_threads.
  double laid_out = 1.0;  ///< Share of the weights that are laid out as far as they are to be; see work_ahead().
};

/// Computes answers. Not thread-safe: one thread owns it. Starts no thread besides its compute pool and never
/// calls back.
class Engine {
 public:
  static Result<std::unique_ptr<Engine>> create(std::shared_ptr<const Model> model, EngineOptions options);
  virtual ~Engine() = default;

  /// Lays the weights out as this processor reads them fastest, where there is memory for it: a second or two for a
  /// gigabyte, on all threads. The first step does it where nobody has. Any one thread may call it, before any other
  /// member but the destructor. Fails with cancelled, and can then be called again; `control` may be null.
  virtual Result<void> prepare(LoadControl* control) = 0;

  /// Fails with context_full if the prompt leaves no room for an answer, and says how many tokens too long it is and
  /// what can be done; nothing is ever cut. Fails with invalid_argument if the shortest answer of the grammar's form
  /// has more tokens than are left.
  virtual Result<RequestId> submit(Request request) = 0;
  /// The request's `finished` event comes with the next step, after a last `text` event with whatever was held back for
  /// the sake of a stop string; nothing more is computed for it. Unknown ids are ignored.
  virtual void cancel(RequestId id) = 0;
  virtual bool idle() const = 0;
  /// One scheduler iteration over every running request: each decoding one gains a token, or with drafts
  /// some, prompts gain a chunk.
  virtual std::vector<Event> step() = 0;
  virtual EngineStatus status() const = 0;

  /// What makes later requests faster, while there is none: after prepare() the experts are laid out, which otherwise
  /// the first prompts that choose them wait for, as long as the memory that is free allows it; then threads are
  /// measured, where that is wanted. Does a few milliseconds of it, or one short pass over the model that `interrupt`
  /// ends, and says whether anything is left to do. Does nothing while there are requests.
  virtual bool work_ahead() = 0;
  /// How the experts were used by all that was computed since the engine was made; who wants to see one answer's part
  /// takes the difference. Changes with every step; without layers for models that have no experts.
  virtual const ExpertUsage& expert_usage() const = 0;

  /// From now on, or no more, the time of every operation is taken, which slows small models down a little. What was
  /// logged before is gone.
  virtual void log_operations(bool wanted) = 0;
  /// What was logged, the longest first; empty where nothing was asked for.
  virtual std::vector<OperationTime> operation_times() const = 0;

  /// Takes out what the KV cache holds of the beginning of `ids`: after a request, of its prompt and its answer. Copies
  /// that part of the cache, a fraction of a second for thousands of tokens. Fails with not_found where it holds
  /// nothing of them, and with out_of_memory.
  virtual Result<KvSnapshot> snapshot(std::span<const TokenId> ids) = 0;
  /// Puts it back, so that requests which begin alike find it as if they had been computed here: the same bits, where
  /// the processor's instructions are the same. The text stays until the memory is needed. Fails with
  /// invalid_argument for a snapshot of another model, adapter or number of experts, and with out_of_memory while
  /// running requests leave no room; then nothing has changed.
  virtual Result<void> restore(const KvSnapshot& snapshot) = 0;

  /// Logits of every position, row-major [ids, vocabulary], float32; `step` decodes one by one instead of one prefill.
  virtual Result<std::vector<float>> logits(std::span<const TokenId> ids, bool step) = 0;
  /// What the model's multi-token prediction layer says: row i of [ids - 1, vocabulary] guesses ids[i + 2], from the
  /// model's own state at i and ids[i + 1]. Fails with unsupported where the model has no such layer.
  virtual Result<std::vector<float>> draft_logits(std::span<const TokenId> ids, bool step) = 0;
  /// ln of the probability the model gives to each token but the first, given those before it: [ids - 1], in nats.
  virtual Result<std::vector<double>> log_probabilities(std::span<const TokenId> ids) = 0;
};

/// Whether the GPU module can be used, and if not the reason, as a sentence for a person.
struct CudaStatus {
  bool available = false;
  std::string reason;
};
CudaStatus cuda_status();

/// The engine's version, "0.1.0"; the GPU module must carry the same.
const char* engine_version();

}  // namespace hadal
