#pragma once

#include <cstdint>
#include <filesystem>

#include "hadal/result.h"

namespace hadal {

/// What a model will take of the machine's memory, in bytes, once a text that fills its context has been read on the
/// processor; what `hadal-engine inspect` tells. Weights and experts are pages of the file, which the system can take
/// back and read again: a model that needs more than there is still answers, slowly. Cache and working are the
/// process's own.
struct MemoryForecast {
  int context_length = 0;     ///< Tokens it was made for.
  std::uint64_t weights = 0;  ///< Read for every token, and the rows of the token table that a text needs.
  /// Of the routed experts those that such a text chooses, if each is as likely as any other.
  std::uint64_t experts = 0;
  std::uint64_t cache = 0;    ///< Keys and values of one context.
  std::uint64_t working = 0;  ///< Activations, logits, the vocabulary, the program itself.

  std::uint64_t total() const { return weights + experts + cache + working; }
};

/// Reads the headers of a model file, not its weights. `context_length`: 0 is what EngineOptions makes of it, more than
/// the model was trained for is cut. Fails for what Model::load() would refuse.
Result<MemoryForecast> forecast_memory(const std::filesystem::path& file, int context_length = 0);

}  // namespace hadal
