#include "hadal/memory_forecast.h"

#include <algorithm>
#include <cmath>
#include <new>

#include "base/mapped_file.h"
#include "base/text.h"
#include "models/open_checkpoint.h"
#include "models/registry.h"
#include "models/tensor_use.h"
#include "runtime/forward_pass.h"
#include "runtime/kv_cache.h"
#include "runtime/pack_matrices.h"

namespace hadal {
namespace {

/// hadal-engine and its libraries, measured by a command that reads no model; the desktop takes more.
constexpr std::uint64_t kProgram = 5'000'000;

/// The longest context without a choice, as EngineOptions has it.
constexpr int kUsualContext = 8192;

/// Share of the experts that at least one of the tokens chooses.
double reached(double experts, double used, double tokens) {
  return experts <= used ? 1.0 : 1.0 - std::pow(1.0 - used / experts, tokens);
}

void add_weights(const Checkpoint& file, const ExpertShape& experts, MemoryForecast& out) {
  const auto tokens = static_cast<std::uint64_t>(out.context_length);
  double chosen = 0.0;
  for (const CheckpointTensor& tensor : file.tensors()) {
    switch (tensor_use(file, tensor)) {
      case TensorUse::whole:
        out.weights += tensor.bytes();
        // Packed as a matrix, and read by rows where it lies; each row brings in what lies around it.
        if (tensor.name == "token_embd.weight") out.weights += std::min(tensor.bytes(), tokens * kFaultAround);
        break;
      case TensorUse::rows:
        out.weights += std::min(tensor.bytes(), tokens * kFaultAround);
        break;
      case TensorUse::some_experts:
        chosen += static_cast<double>(tensor.bytes());
        break;
    }
  }
  out.experts = static_cast<std::uint64_t>(chosen * reached(experts.experts, experts.used, out.context_length));
}

/// Of what is packed and stays where it lies besides.
std::uint64_t twice_bytes(const Decoder& decoder) {
  return static_cast<std::uint64_t>(packed_bytes_of(decoder.matrices().both_ways));
}

/// The vocabulary's spellings and merges: as the file has them and in the tables made of them.
std::uint64_t vocabulary_bytes(const Checkpoint& file) {
  std::uint64_t metadata = 0;
  for (const std::string_view key : file.keys()) metadata += file.value(key)->payload.size();
  return 3 * metadata;
}

std::uint64_t activation_bytes(const Decoder& decoder) {
  const auto floats = decoder.scratch_floats(kMostTokens, 1) + decoder.vocabulary_size();
  return static_cast<std::uint64_t>(floats) * sizeof(float);
}

Result<MemoryForecast> forecast(const std::filesystem::path& path, int context_length) {
  const auto file = open_checkpoint(path);
  if (!file) return file.error();
  const auto decoder = load_decoder(*file);
  if (!decoder) return decoder.error();
  MemoryForecast out;
  const int trained = (*decoder)->context_length();
  out.context_length = std::min(context_length > 0 ? context_length : kUsualContext, trained);
  add_weights(*file, (*decoder)->expert_shape(), out);
  out.weights += twice_bytes(**decoder);
  out.cache = KvCache::bytes_for((*decoder)->kv_shape(), ops::kv_type(ops::Backend::cpu), out.context_length);
  out.working = kProgram + vocabulary_bytes(*file) + activation_bytes(**decoder);
  return out;
}

}  // namespace

Result<MemoryForecast> forecast_memory(const std::filesystem::path& file, int context_length) {
  try {
    return forecast(file, context_length);
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::out_of_memory, "The system has no memory left to look into the model."};
  }
}

}  // namespace hadal
