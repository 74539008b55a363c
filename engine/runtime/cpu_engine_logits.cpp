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

template <class T, class Compute>
Result<std::vector<T>> CpuEngine::for_text(std::span<const TokenId> ids, std::size_t size, std::string_view what,
                                           const Compute& compute) {
  std::vector<std::int32_t> blocks;
  try {
    std::vector<T> out(size);
    auto done = make_room(blocks, ids.size(), {});
    pool_.use(threads_.reading);
    if (done) done = compute(blocks, out.data());
    cache_->release(blocks);
    if (!done) return done.error();
    return out;
  } catch (const std::bad_alloc&) {
    cache_->release(blocks);
    return Error{ErrorCode::out_of_memory,
                 concat("The system has no memory left for the ", what, " of ", ids.size(), " tokens.")};
  }
}

Result<std::vector<float>> CpuEngine::logits(std::span<const TokenId> ids, bool step) {
  if (const auto checked = check_ids(ids, 0); !checked) return checked.error();
  const auto vocabulary = static_cast<std::size_t>(model_->impl().decoder->vocabulary_size());
  return for_text<float>(ids, ids.size() * vocabulary, "logits", [&](const auto& blocks, float* out) {
    return compute_logits(ids, step ? 1 : kMostTokens, blocks, out);
  });
}

Result<void> CpuEngine::compute_logits(std::span<const TokenId> ids, std::size_t chunk,
                                       std::span<const std::int32_t> blocks, float* out) {
  const auto vocabulary = static_cast<std::size_t>(model_->impl().decoder->vocabulary_size());
  for (std::size_t first = 0; first < ids.size(); first += chunk) {
    const Segment segment{ids, blocks, first, std::min(chunk, ids.size() - first)};
    if (auto done = run({&segment, 1}, WantedLogits::all, out + first * vocabulary); !done) return done.error();
  }
  return {};
}

Result<std::vector<float>> CpuEngine::draft_logits(std::span<const TokenId> ids, bool step) {
  if (const auto checked = check_ids(ids, 0); !checked) return checked.error();
  if (!layer_.present())
    return Error{ErrorCode::unsupported,
                 "This model has no layer that predicts more than the next token, or it is switched off."};
  if (ids.size() < 2)
    return Error{ErrorCode::invalid_argument, "The token after the next can be guessed from two tokens on."};
  const auto vocabulary = static_cast<std::size_t>(model_->impl().decoder->vocabulary_size());
  return for_text<float>(ids, (ids.size() - 1) * vocabulary, "logits", [&](const auto& blocks, float* out) {
    return compute_draft_logits(ids, step ? 1 : kMostTokens, blocks, out);
  });
}

Result<void> CpuEngine::compute_draft_logits(std::span<const TokenId> ids, std::size_t chunk,
                                             std::span<const std::int32_t> blocks, float* out) {
  if (auto ready = prepare(nullptr); !ready) return ready;
  const Decoder& decoder = *model_->impl().decoder;
  const auto vocabulary = static_cast<std::size_t>(decoder.vocabulary_size());
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
  return for_text<double>(ids, ids.size() - 1, "probabilities",
                          [&](const auto& blocks, double* out) { return compute_log_probabilities(ids, blocks, out); });
}

Result<void> CpuEngine::compute_log_probabilities(std::span<const TokenId> ids, std::span<const std::int32_t> blocks,
                                                  double* out) {
  const auto vocabulary = static_cast<std::size_t>(model_->impl().decoder->vocabulary_size());
  std::vector<float> rows(std::min(kLogitRows, ids.size()) * vocabulary);
  for (std::size_t first = 0; first + 1 < ids.size(); first += kLogitRows) {
    const Segment segment{ids, blocks, first, std::min(kLogitRows, ids.size() - 1 - first)};
    if (auto done = run({&segment, 1}, WantedLogits::all, rows.data()); !done) return done.error();
    for (std::size_t i = 0; i < segment.count; ++i) {
      const std::span<const float> row = std::span(rows).subspan(i * vocabulary, vocabulary);
      const auto next = static_cast<std::size_t>(ids[first + i + 1]);
      out[first + i] = static_cast<double>(row[next]) - log_sum_exp(row);
    }
  }
  return {};
}

}  // namespace hadal
