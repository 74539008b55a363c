#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "formats/checkpoint.h"

namespace hadal {

/// Far above any model of today; keeps every product of two of these numbers below 2^48.
inline constexpr std::uint32_t kMostOfAnything = 1U << 24;

/// Reads the metadata "<architecture>.<key>" of a file nobody trusts and keeps the first error, so that a list of reads
/// stays a list.
class KeyReader {
 public:
  KeyReader(const Checkpoint& file, std::string_view architecture) : file_(file), architecture_(architecture) {}

  std::int64_t count(std::string_view key);  ///< 1..kMostOfAnything, as count_or.
  std::int64_t count_or(std::string_view key, std::int64_t fallback);
  std::int64_t count_or_zero(std::string_view key);       ///< 0 where there is none.
  float number_or(std::string_view key, float fallback);  ///< Finite and above 0.
  float number_or_zero(std::string_view key);             ///< Finite and not below 0; 0 where there is none.
  bool flag_or(std::string_view key, bool fallback);
  std::string_view text_or(std::string_view key, std::string_view fallback);
  bool has(std::string_view key) const { return file_.has(name(key)); }

  /// Fails with invalid_file where `truth` is false. "@" in the sentence stands for the architecture.
  void require(bool truth, std::string_view sentence);
  void unsupported(std::string_view sentence);
  void fail(Error error);
  const Result<void>& result() const { return result_; }

 private:
  std::string name(std::string_view key) const;
  std::string filled(std::string_view sentence) const;
  std::int64_t keep(std::string_view key, const Result<std::uint32_t>& value);

  const Checkpoint& file_;
  std::string architecture_;
  Result<void> result_;
};

}  // namespace hadal
