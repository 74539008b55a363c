#include <algorithm>
#include <new>

#include "base/text.h"
#include "models/model_impl.h"
#include "runtime/cpu_engine.h"
#include "runtime/sampler_logprobs.h"

namespace hadal {
namespace {

/// Rows of logits held at once while a text is judged: 128 rows of 150,000 are 77 MB.
constexpr std::size_t kLogitRows = 128;

}  // namespace

Result<std::vector<float>> CpuEngine::logits(std::span<const TokenId> ids, bool step) {
  if (const auto checked = check_ids(ids, 0); !checked) return checked.error();
  std::vector<std::int32_t> blocks;
  try {
    std::vector<float> out(ids.size() * static_cast<std::size_t>(model_->impl().decoder->vocabulary_size()));
    const auto computed = compute_logits(ids, step ? 1 : kMostTokens, blocks, out.data());
    cache_->release(blocks);
    if (!computed) return computed.error();
    return out;
  } catch (const std::bad_alloc&) {
    cache_->release(blocks);
    return Error{ErrorCode::out_of_memory,
                 concat("The system has no memory left for the logits of ", ids.size(), " tokens.")};
  }
}

Result<void> CpuEngine::compute_logits(std::span<const TokenId> ids, std::size_t chunk,
                                       std::vector<std::int32_t>& blocks, float* out) {
  const auto vocabulary = static_cast<std::size_t>(model_->impl().decoder->vocabulary_size());
  if (auto room = make_room(blocks, ids.size(), {}); !room) return room;
  for (std::size_t first = 0; first < ids.size(); first += chunk) {
    const Segment segment{ids, blocks, first, std::min(chunk, ids.size() - first)};
    if (auto done = run({&segment, 1}, WantedLogits::all, out + first * vocabulary); !done) return done.error();
  }
  return {};
}

Result<std::vector<float>> CpuEngine::draft_logits(std::span<const TokenId> ids, bool step) {
  if (const auto checked = check_ids(ids, 0); !checked) return checked.error();
  if (model_->impl().decoder->draft_layers() == 0)
    return Error{ErrorCode::unsupported, "This model has no layer that predicts more than the next token."};
  if (ids.size() < 2)
    return Error{ErrorCode::invalid_argument, "The token after the next can be guessed from two tokens on."};
  std::vector<std::int32_t> blocks;
  try {
    std::vector<float> out((ids.size() - 1) * static_cast<std::size_t>(model_->impl().decoder->vocabulary_size()));
    const auto computed = compute_draft_logits(ids, step ? 1 : kMostTokens, blocks, out.data());
    cache_->release(blocks);
    if (!computed) return computed.error();
    return out;
  } catch (const std::bad_alloc&) {
    cache_->release(blocks);
    return Error{ErrorCode::out_of_memory,
                 concat("The system has no memory left for the logits of ", ids.size(), " tokens.")};
  }
}

Result<void> CpuEngine::compute_draft_logits(std::span<const TokenId> ids, std::size_t chunk,
                                             std::vector<std::int32_t>& blocks, float* out) {
  const Decoder& decoder = *model_->impl().decoder;
  const auto vocabulary = static_cast<std::size_t>(decoder.vocabulary_size());
  if (auto room = make_room(blocks, ids.size(), {}); !room) return room;
  if (auto ready = prepare(nullptr); !ready) return ready;
  std::vector<float> hidden(std::min(chunk, ids.size()) * static_cast<std::size_t>(decoder.width()));
  for (std::size_t first = 0; first + 1 < ids.size(); first += chunk) {
    const Segment segment{ids, blocks, first, std::min(chunk, ids.size() - 1 - first)};
    if (auto run = pass_.run({&segment, 1}, WantedLogits::none, nullptr, hidden.data()); !run) return run.error();
    if (auto run = pass_.draft(0, {&segment, 1}, WantedLogits::all, hidden.data(), out + first * vocabulary); !run)
      return run;
  }
  return check_files();
}

Result<std::vector<double>> CpuEngine::log_probabilities(std::span<const TokenId> ids) {
  if (const auto checked = check_ids(ids, 0); !checked) return checked.error();
  std::vector<std::int32_t> blocks;
  try {
    std::vector<double> out;
    out.reserve(ids.size() - 1);
    const auto computed = compute_log_probabilities(ids, blocks, out);
    cache_->release(blocks);
    if (!computed) return computed.error();
    return out;
  } catch (const std::bad_alloc&) {
    cache_->release(blocks);
    return Error{ErrorCode::out_of_memory,
                 concat("The system has no memory left for the probabilities of ", ids.size(), " tokens.")};
  }
}

Result<void> CpuEngine::compute_log_probabilities(std::span<const TokenId> ids, std::vector<std::int32_t>& blocks,
                                                  std::vector<double>& out) {
  const auto vocabulary = static_cast<std::size_t>(model_->impl().decoder->vocabulary_size());
  if (auto room = make_room(blocks, ids.size(), {}); !room) return room;
  std::vector<float> rows(std::min(kLogitRows, ids.size()) * vocabulary);
  for (std::size_t first = 0; first + 1 < ids.size(); first += kLogitRows) {
    const Segment segment{ids, blocks, first, std::min(kLogitRows, ids.size() - 1 - first)};
    if (auto done = run({&segment, 1}, WantedLogits::all, rows.data()); !done) return done.error();
    for (std::size_t i = 0; i < segment.count; ++i) {
      const std::span<const float> row = std::span(rows).subspan(i * vocabulary, vocabulary);
      const auto next = static_cast<std::size_t>(ids[first + i + 1]);
      out.push_back(static_cast<double>(row[next]) - log_sum_exp(row));
    }
  }
  return {};
}

}  // namespace hadal
