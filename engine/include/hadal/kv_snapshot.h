#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "hadal/result.h"
#include "hadal/tokenizer.h"

namespace hadal {

/// What an engine's KV cache held of a text, taken out of it: keys and values of the text's beginning, so that another
/// engine over the same model need not read it again (Engine::snapshot(), Engine::restore()). Bound to the model and to
/// how its cache is laid out; what was computed with another is refused. Immutable; copies share their memory; any
/// thread.
class KvSnapshot {
 public:
  /// Reads a file of save(). Whatever its bytes are, the outcome is the snapshot that was saved or an error with a
  /// sentence: not_found and io as the system says; invalid_file for what is damaged, cut short or no snapshot;
  /// unsupported for versions to come; out_of_memory where it would not fit the memory that is free.
  static Result<KvSnapshot> load(const std::filesystem::path& file);

  /// Writes `file` anew, in one step: whoever opens it finds the old content or all of the new. Fails with io.
  Result<void> save(const std::filesystem::path& file) const;

  /// The text, from its first token on.
  std::span<const TokenId> tokens() const;
  /// In memory, and nearly of the file.
  std::uint64_t bytes() const;

  /// Engine-internal.
  struct Impl;
  const Impl& impl() const { return *impl_; }
  explicit KvSnapshot(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

 private:
  std::shared_ptr<const Impl> impl_;
};

}  // namespace hadal
