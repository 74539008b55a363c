#include "runtime/cpu_engine.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

#include "base/mapped_file_registry.h"
#include "base/system_memory.h"
#include "base/text.h"
#include "base/thread_time.h"
#include "models/model_impl.h"
#include "runtime/operation_times.h"
#include "runtime/pack_matrices.h"

namespace hadal {
namespace {

/// Tokens of a prompt's chunk at least: with the SIMD kernels eight take hardly longer than one, because reading the
/// weights is what takes the time. Plain code has no such gain.
std::size_t least_tokens(ops::Backend backend) {
  return backend == ops::Backend::cpu ? 8 : 1;
}

/// Multiplications per second and thread that even a slow processor reaches with the SIMD kernels, and plain code. Only
/// the first step of a prompt relies on it.
constexpr double kGuessSimd = 4e9;
constexpr double kGuessPlain = 2e8;

const char* environment_target() {
  const char* wanted = std::getenv("HADAL_CPU_TARGET");
  return wanted ? wanted : "";
}

std::int32_t blocks_for(std::size_t tokens) {
  return static_cast<std::int32_t>((tokens + KvCache::block_tokens - 1) / KvCache::block_tokens);
}

/// The draft layers' part comes last.
KvShape cache_shape(const Decoder& decoder, bool draft_layer) {
  KvShape shape = decoder.kv_shape();
  if (!draft_layer) shape.layers -= decoder.draft_layers();
  return shape;
}

/// Of the cache, by `cache_bytes` and `max_requests`.
std::int32_t cache_blocks(const EngineOptions& options, const KvShape& shape, DType type) {
  const auto one = static_cast<std::uint64_t>(blocks_for(static_cast<std::size_t>(options.context_length)));
  const std::uint64_t block = std::max<std::uint64_t>(KvCache::bytes_for(shape, type, KvCache::block_tokens), 1);
  const std::uint64_t all = one * static_cast<unsigned>(options.max_requests);
  const std::uint64_t wanted =
      options.cache_bytes > 0 ? options.cache_bytes / block : std::min(all, one + available_memory() / 4 / block);
  return static_cast<std::int32_t>(std::clamp<std::uint64_t>(wanted, one, std::max<std::uint64_t>(one, 1 << 24)));
}

Result<void> check_experts(int wanted, const ExpertShape& shape) {
  if (wanted == 0 || (wanted > 0 && wanted <= shape.used)) return {};
  if (shape.used == 0)
    return Error{ErrorCode::invalid_argument, "This model has no experts of which fewer could be used."};
  return Error{ErrorCode::invalid_argument,
               concat("This model uses ", shape.used, " of its ", shape.experts, " experts for a token; 1 to ",
                      shape.used, " can be, not ", wanted, ".")};
}

/// Defaults filled in, nonsense refused.
Result<EngineOptions> resolved(const EngineOptions& wanted, const Decoder& decoder) {
  EngineOptions options = wanted;
  if (options.context_length < 0 || options.max_requests < 1 || options.max_requests > 256 ||
      options.step_milliseconds < 1 || options.prompt_milliseconds < 1) {
    return Error{
        ErrorCode::invalid_argument,
        "The engine needs a context length of 0 or more, 1 to 256 requests at once and a step of 1 ms or more."};
  }
  if (auto checked = check_experts(options.experts_used, decoder.expert_shape()); !checked) return checked.error();
  const int trained = decoder.context_length();
  if (options.context_length == 0) options.context_length = std::min(trained, 8192);
  if (options.context_length > trained) {
    if (options.log) {
      options.log(LogLevel::warning, concat("The context length ", options.context_length, " is cut to ", trained,
                                            ", the longest this model was trained for."));
    }
    options.context_length = trained;
  }
  if (options.context_length < 2)
    return Error{ErrorCode::invalid_argument, "A context length of 1 token leaves no room for an answer."};
  return options;
}

double guessed_token_seconds(const Decoder& decoder, ops::Backend backend, int threads) {
  const double speed = (backend == ops::Backend::cpu ? kGuessSimd : kGuessPlain) * threads;
  return static_cast<double>(decoder.multiplications() + 1) / speed;
}

/// The other choice of a person whose text is too long.
std::string longer_context(int context, int trained) {
  if (context >= trained) return concat(" (this model was trained for no more than ", trained, ")");
  return concat(", or choose a longer context: this model was trained for ", trained);
}

}  // namespace

Result<std::unique_ptr<Engine>> CpuEngine::create(std::shared_ptr<const Model> model, const EngineOptions& wanted,
                                                  ops::Backend backend) {
  const Decoder& decoder = *model->impl().decoder;
  const auto options = resolved(wanted, decoder);
  if (!options) return options.error();
  auto target = ops::choose_cpu_target(environment_target());
  if (!target) return target.error();
  const DType type = ops::kv_type(backend);
  const KvShape shape = cache_shape(decoder, options->draft_layer);
  auto cache = KvCache::create(shape, type, cache_blocks(*options, shape, type));
  if (!cache) return cache.error();
  return std::unique_ptr<Engine>(new CpuEngine(std::move(model), *options, backend, *target, std::move(*cache)));
}

CpuEngine::CpuEngine(std::shared_ptr<const Model> model, const EngineOptions& options, ops::Backend backend,
                     ops::CpuTarget target, std::unique_ptr<KvCache> cache)
    : model_(std::move(model)),
      options_(options),
      backend_(backend),
      target_(std::move(target)),
      pool_(options.threads),
      cache_(std::move(cache)),
      pass_(*model_->impl().decoder, ops::Context{pool_, backend, target_.index, nullptr, &packed_}, *cache_,
            options.experts_used),
      layer_(*model_->impl().decoder, pass_, options.draft_layer),
      budget_(guessed_token_seconds(*model_->impl().decoder, backend, pool_.threads()), least_tokens(backend),
              kMostTokens),
      drafter_(options.eager_drafts) {
  const auto some = [this](int wanted) { return wanted > 0 ? std::min(wanted, pool_.size()) : pool_.size(); };
  threads_ = {some(options.reading_threads), some(options.writing_threads)};
  if (options.measure_threads) tuner_.emplace(pool_.size());
}

Result<void> CpuEngine::prepare(LoadControl* control) {
  if (prepared_) return {};
  LoadControl unwatched;
  LoadControl& watched = control ? *control : unwatched;
  try {
    if (backend_ == ops::Backend::cpu) {
      if (auto packed = pack_matrices(*model_, pool_, target_.index, watched, packed_, to_pack_); !packed)
        return packed;
    }
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::out_of_memory, "The system has no memory left to lay the weights out."};
  }
  prepared_ = true;
  packable_ = packed_bytes_of(to_pack_);
  watched.progress.store(1.0F);
  return {};
}

Result<void> CpuEngine::check_ids(std::span<const TokenId> ids, std::size_t room_for_answer) const {
  if (ids.empty())
    return Error{
        ErrorCode::invalid_argument,
        "There is no token to compute: the text is empty, or the model's vocabulary has no token for any of it."};
  const std::int32_t vocabulary = model_->impl().decoder->vocabulary_size();
  for (const TokenId id : ids) {
    if (id >= 0 && id < vocabulary) continue;
    return Error{ErrorCode::invalid_argument,
                 concat("The id ", id, " is not in the vocabulary of ", vocabulary, " tokens.")};
  }
  const std::size_t most = static_cast<std::size_t>(options_.context_length) - room_for_answer;
  if (ids.size() <= most) return {};
  const int trained = model_->impl().decoder->context_length();
  return Error{ErrorCode::context_full,
               concat("The text has ", counted(ids.size(), "token"), " and is ", counted(ids.size() - most, "token"),
                      " too long: the context holds ", options_.context_length,
                      room_for_answer > 0 ? concat(", of which an answer needs ", room_for_answer, " at least, so ",
                                                   most, " are left for it")
                                          : "",
                      ". It is never cut; shorten it", longer_context(options_.context_length, trained), ".")};
}

Result<void> CpuEngine::check_grammar(const Request& request) const {
  if (!request.grammar) return {};
  if (request.ignore_end)
    return Error{ErrorCode::invalid_argument, "An answer of a form cannot go on after its end (ignore_end)."};
  if (!request.forced.empty())
    return Error{ErrorCode::invalid_argument, "An answer of a form cannot be forced to be something else."};
  if (request.grammar->program()->vocabulary().size() == model_->tokenizer().vocabulary_size()) return {};
  return Error{ErrorCode::invalid_argument, "The form of the answer was compiled for another model's vocabulary."};
}

Result<RequestId> CpuEngine::submit(Request request) {
  // One token of the context is the least an answer needs.
  const auto checked = check_ids(request.prompt, 1);
  if (!checked) return checked.error();
  const auto sampling = Sampler::check(request.sampling, model_->impl().decoder->vocabulary_size());
  if (!sampling) return sampling.error();
  if (const auto form = check_grammar(request); !form) return form.error();
  if (!request.forced.empty()) {
    if (const auto inside = check_ids(request.forced, 1); !inside) return inside.error();
  }
  try {
    auto sequence = std::make_unique<Sequence>(next_id_, std::move(request), Clock::now());
    const auto fits = sequence->check_grammar(static_cast<std::size_t>(options_.context_length));
    if (!fits) return fits.error();
    sequences_.push_back(std::move(sequence));
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::out_of_memory, "The system has no memory left for another request."};
  }
  return next_id_++;
}

void CpuEngine::cancel(RequestId id) {
  for (const auto& sequence : sequences_) {
    if (sequence->id == id) sequence->cancelled = true;
  }
}

std::vector<Event> CpuEngine::step() {
  std::vector<Event> events;
  try {
    auto advanced = end_cancelled(events);
    if (advanced) advanced = advance(events);
    if (!advanced) fail_all(advanced.error(), events);
    return events;
  } catch (const std::bad_alloc&) {
    // Gives back what a batch takes, so that there is memory to say so.
    logits_ = {};
    pass_.release_scratch();
    pool_.release_working_memory();
  }
  fail_all({ErrorCode::out_of_memory, "The system has no memory left; the answer stopped here."}, events);
  return events;
}

Result<void> CpuEngine::end_cancelled(std::vector<Event>& events) {
  std::vector<RequestId> ended;
  std::vector<Ahead> last_seen;
  for (const auto& sequence : sequences_) {
    if (!sequence->cancelled) continue;
    sequence->finish(FinishReason::cancelled, {}, events);
    ended.push_back(sequence->id);
    last_seen.push_back({sequence.get(), 0});
  }
  auto seen = see(last_seen);
  remove_finished(ended);
  return seen;
}

Result<void> CpuEngine::advance(std::vector<Event>& events) {
  const auto running = choose_running(sequences_, static_cast<std::size_t>(options_.max_requests));
  if (running.empty()) return {};
  for (Sequence* sequence : running) reuse(*sequence);
  const bool reading = std::ranges::all_of(running, [](const Sequence* sequence) { return sequence->pending() > 1; });
  const std::size_t budget =
      reading ? reading_budget(running.front()->priority) : budget_.tokens(options_.step_milliseconds / 1000.0);
  std::vector<Share> shares = divide(running, budget);
  DecodingStep decoding = add_drafts(shares);
  for (const Share& share : shares) {
    const std::size_t tokens = share.sequence->computed + share.tokens + share.draft.tokens.size();
    if (auto room = make_room(share.sequence->blocks, tokens, running); !room) return room;
  }
  pool_.use(decoding.rows > 0 ? threads_.writing : threads_.reading);
  const Clock::time_point before = Clock::now();
  const double worked = thread_seconds();
  const auto computed =
      compute(shares, reading || decoding.rows > decoding.sequences ? options_.interrupt.get() : nullptr);
  if (!computed) return computed.error();
  std::size_t tokens = 0;
  for (const Share& share : shares) tokens += share.tokens;
  if (!*computed) {
    if (reading) budget_.interrupted(tokens);
    return {};
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - before).count();
  decoding.took = thread_seconds() - worked;
  if (decoding.rows > 0) drafter_.measured(decoding.rows, decoding.took);
  // Prompts come last. The short rest of one says as little of the speed as decoding does.
  if (shares.back().prefill && 2 * tokens > budget) budget_.measured(tokens, seconds);
  return keep_results(shares, decoding, events);
}

/// Tokens of a step in which nobody waits for a next one. Who waits for a completion waits for its first word, and a
/// step that can be interrupted may be long.
std::size_t CpuEngine::reading_budget(Priority priority) const {
  if (priority == Priority::completion && options_.interrupt) return kMostTokens;
  return budget_.tokens(options_.prompt_milliseconds / 1000.0);
}

/// Takes what the cache holds of the sequence beyond what was computed for it; others may have added to that since.
void CpuEngine::reuse(Sequence& sequence) {
  if (!sequence.started) sequence.started = Clock::now();
  if (sequence.pending() == 1 || sequence.computed != sequence.blocks.size() * KvCache::block_tokens) return;
  // The last token is computed in any case: its logits are wanted.
  CachedPrefix found = cache_->match(std::span(sequence.tokens).first(sequence.tokens.size() - 1));
  // The last token of a text has no row of the draft layer, or one of another text.
  if (layer_.present() && found.tokens % KvCache::block_tokens != 0) --found.tokens;
  if (found.tokens <= sequence.computed) return cache_->release(found.blocks);
  cache_->release(sequence.blocks);
  sequence.hidden.clear();
  sequence.blocks = std::move(found.blocks);
  if (sequence.stats.generated_tokens == 0)
    sequence.stats.reused_tokens += static_cast<int>(found.tokens - sequence.computed);
  sequence.computed = found.tokens;
}

/// What was computed for the sequence stays in the cache as long as there is room.
void CpuEngine::release(Sequence& sequence) {
  cache_->release(sequence.blocks, std::span(sequence.tokens).first(layer_.reusable(sequence)));
  sequence.blocks.clear();
  sequence.hidden.clear();
  sequence.guessed.clear();
  sequence.computed = 0;
}

Result<void> CpuEngine::make_room(std::vector<std::int32_t>& blocks, std::size_t tokens,
                                  const std::vector<Sequence*>& keep) {
  const auto needed = static_cast<std::size_t>(blocks_for(tokens));
  while (blocks.size() < needed) {
    const std::int32_t block = cache_->allocate();
    if (block >= 0) {
      blocks.push_back(block);
    } else if (!preempt(keep)) {
      return Error{ErrorCode::out_of_memory, "The context's cache is full."};
    }
  }
  return {};
}

/// Takes the blocks of the least urgent sequence that is not computed now; it will be computed again later.
bool CpuEngine::preempt(const std::vector<Sequence*>& keep) {
  Sequence* victim = nullptr;
  for (const auto& sequence : sequences_) {
    if (sequence->blocks.empty() || std::find(keep.begin(), keep.end(), sequence.get()) != keep.end()) continue;
    if (!victim || sequence->priority <= victim->priority) victim = sequence.get();
  }
  if (!victim) return false;
  release(*victim);
  return true;
}

/// The weights are still what the model's files hold.
Result<void> CpuEngine::check_files() {
  const std::uint32_t damages = MappedFileRegistry::damages();
  if (std::exchange(damages_, damages) != damages) {
    const auto damaged = [](const CheckpointTensor& tensor) { return MappedFileRegistry::damaged(tensor.data.data()); };
    broken_ = broken_ || std::ranges::any_of(model_->impl().file.tensors(), damaged);
  }
  if (!broken_) return {};
  return Error{ErrorCode::io, concat("The model file ", printable(model_->path().filename().string()),
                                     " was cut short while it was in use, or its disk failed. Load it again once it is "
                                     "whole.")};
}

Result<bool> CpuEngine::run(std::span<const Segment> segments, WantedLogits wanted, float* logits, float* hidden,
                            const std::atomic<int>* interrupt) {
  if (auto ready = prepare(nullptr); !ready) return ready.error();
  if (auto whole = check_files(); !whole) return whole.error();
  auto computed = pass_.run(segments, wanted, logits, hidden, interrupt);
  // What was computed while a file shrank came of zeros.
  if (auto whole = check_files(); !whole) return whole.error();
  return computed;
}

Result<bool> CpuEngine::compute(const std::vector<Share>& shares, const std::atomic<int>* interrupt) {
  std::vector<Segment> segments;
  std::size_t rows = 0, tokens = 0;
  for (const Share& share : shares) {
    const Sequence& sequence = *share.sequence;
    segments.push_back({sequence.tokens, sequence.blocks, sequence.computed, share.tokens, share.draft.tokens});
    rows += 1 + share.draft.tokens.size();
    tokens += share.tokens + share.draft.tokens.size();
  }
  logits_.resize(rows * static_cast<std::size_t>(model_->impl().decoder->vocabulary_size()));
  return run(segments, WantedLogits::last, logits_.data(), layer_.streams(tokens), interrupt);
}

Result<void> CpuEngine::keep_results(const std::vector<Share>& shares, const DecodingStep& step,
                                     std::vector<Event>& events) {
  const auto vocabulary = static_cast<std::size_t>(model_->impl().decoder->vocabulary_size());
  std::vector<RequestId> finished;
  std::vector<Ahead> ahead;
  std::vector<std::size_t> computed;
  const float* logits = logits_.data();
  std::size_t row = 0;
  for (const Share& share : shares) {
    Sequence& sequence = *share.sequence;
    const std::size_t before = sequence.computed;
    computed.push_back(before);
    sequence.computed += share.tokens;
    if (before < sequence.prompt_length) {
      Event event;
      event.request = sequence.id;
      event.kind = Event::Kind::prefill;
      event.prompt_done = static_cast<int>(std::min(sequence.computed, sequence.prompt_length));
      event.prompt_total = static_cast<int>(sequence.prompt_length);
      events.push_back(std::move(event));
    }
    const bool over = sequence.pending() == 0 && choose(share, logits, step, events);
    if (over) finished.push_back(sequence.id);
    if (const auto next = to_see(share, row, before, over, step)) ahead.push_back(*next);
    logits += (1 + share.draft.tokens.size()) * vocabulary;
    row += share.tokens + share.draft.tokens.size();
  }
  auto seen = see(ahead);
  for (std::size_t i = 0; i < shares.size(); ++i) seal_full_blocks(*shares[i].sequence, computed[i]);
  remove_finished(finished);
  return seen;
}

void CpuEngine::seal_full_blocks(Sequence& sequence, std::size_t before) {
  const std::size_t last = sequence.computed / KvCache::block_tokens;
  for (std::size_t block = before / KvCache::block_tokens; block < last; ++block) {
    cache_->seal(sequence.blocks, block, sequence.tokens);
  }
}

void CpuEngine::remove_finished(const std::vector<RequestId>& finished) {
  for (const RequestId id : finished) {
    const auto found = std::find_if(sequences_.begin(), sequences_.end(), [id](const auto& s) { return s->id == id; });
    if (found == sequences_.end()) continue;
    release(**found);
    sequences_.erase(found);
  }
}

void CpuEngine::fail_all(const Error& error, std::vector<Event>& events) {
  std::vector<RequestId> failed;
  for (const auto& sequence : sequences_) {
    sequence->finish(FinishReason::failed, error, events);
    failed.push_back(sequence->id);
  }
  remove_finished(failed);
}

EngineStatus CpuEngine::status() const {
  EngineStatus status;
  const int most = std::max(threads_.reading, threads_.writing);
  const std::string threads = concat(most, most == 1 ? " thread" : " threads");
  status.device = backend_ == ops::Backend::cpu ? concat("CPU, ", threads, ", ", ops::running_cpu_target(target_.index))
                                                : concat("CPU, ", threads, ", plain reference code");
  status.context_length = options_.context_length;
  status.threads = threads_;
  status.measured_threads = measured_threads_;
  if (packable_ > 0)
    status.laid_out = 1.0 - static_cast<double>(packed_bytes_of(to_pack_)) / static_cast<double>(packable_);
  status.weight_bytes = model_->impl().decoder->weight_bytes();
  status.cache_bytes = cache_->used_bytes();
  status.running = static_cast<int>(choose_running(sequences_, static_cast<std::size_t>(options_.max_requests)).size());
  status.waiting = static_cast<int>(sequences_.size()) - status.running;
  return status;
}

void CpuEngine::log_operations(bool wanted) {
  log_.clear();
  pass_.log_operations(wanted ? &log_ : nullptr);
}

std::vector<OperationTime> CpuEngine::operation_times() const {
  return times_of(log_);
}

Result<CacheIdentity> CpuEngine::identity() {
  if (!fingerprint_) {
    if (auto whole = check_files(); !whole) return whole.error();
    const Fingerprint print = model_fingerprint(model_->impl().file);
    if (auto whole = check_files(); !whole) return whole.error();
    fingerprint_ = print;
  }
  return CacheIdentity{*fingerprint_,
                       {},
                       cache_shape(*model_->impl().decoder, options_.draft_layer),
                       cache_->layers()[0].type,
                       options_.experts_used};
}

Result<KvSnapshot> CpuEngine::snapshot(std::span<const TokenId> ids) {
  const auto own = identity();
  if (!own) return own.error();
  return take_snapshot(*cache_, *own, ids);
}

Result<void> CpuEngine::restore(const KvSnapshot& snapshot) {
  const auto own = identity();
  if (!own) return own.error();
  return restore_snapshot(*cache_, *own, snapshot);
}

}  // namespace hadal
