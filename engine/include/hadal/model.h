#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "hadal/chat_template.h"
#include "hadal/result.h"
#include "hadal/tokenizer.h"

namespace hadal {

/// What a model file says of itself. Counts are exact, not rounded for display.
struct ModelInfo {
  std::string architecture;             ///< general.architecture, e.g. "llama".
  std::string name;                     ///< general.name, or the file's name.
  std::uint64_t parameters = 0;         ///< Elements of all tensors.
  /// Elements one token's computation involves: all of a dense model; of a Mixture-of-Experts those outside the routed
  /// experts and of the experts it chooses, without the token table.
  std::uint64_t active_parameters = 0;
  std::uint32_t context_length = 0;     ///< Tokens the model was trained for.
  std::uint32_t layers = 0;
  std::uint32_t embedding_length = 0;
  std::uint32_t vocabulary = 0;
  std::map<std::string, std::uint32_t> tensor_types;  ///< Type name ("Q4_1") to number of tensors.
  std::string tokenizer;                              ///< Kind and pre-tokenizer, e.g. "gpt2/smollm".
  std::uint64_t file_bytes = 0;
};

/// Reads and checks the headers of a model file without loading it. Works for any well-formed file, also for
/// architectures this build cannot run.
Result<ModelInfo> inspect_model(const std::filesystem::path& file);

/// Shared between the thread that loads and one that watches.
struct LoadControl {
  std::atomic<float> progress{0.0F};  ///< 0 to 1.
  std::atomic<bool> cancel{false};
};

/// A loaded model: weights mapped from the file, tokenizer, chat template. Immutable and safe to share between
/// engines and threads.
class Model {
 public:
  /// Checks every size before use and maps the weights. `control` may be null and must outlive the call.
  static Result<std::shared_ptr<const Model>> load(const std::filesystem::path& file, LoadControl* control = nullptr);
  ~Model();

  const std::filesystem::path& path() const;
  const ModelInfo& info() const;
  const Tokenizer& tokenizer() const;
  /// The error says which template could not be understood.
  Result<const ChatTemplate*> chat_template() const;

  /// Engine-internal.
  struct Impl;
  const Impl& impl() const { return *impl_; }
  explicit Model(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace hadal
