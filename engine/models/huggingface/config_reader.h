#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "hadal/result.h"

namespace hadal::huggingface {

/// Reads the values of a JSON object nobody trusts and keeps the first error, so that a list of reads stays a list.
/// null counts as missing, as in transformers.
class ConfigReader {
 public:
  /// Errors begin with "FOLDER: FILE: ". `config` must outlive the reader.
  ConfigReader(const nlohmann::json& config, std::string folder, std::string file);

  bool has(std::string_view key) const { return find(key) != nullptr; }
  const nlohmann::json* find(std::string_view key) const;  ///< Null where there is none, or null.
  bool mentions(std::string_view key) const;               ///< Also where it is null.

  std::uint32_t count(std::string_view key);  ///< A whole number from 1 to 2^24.
  std::uint32_t count_or(std::string_view key, std::uint32_t fallback);
  std::uint32_t count_or_zero(std::string_view key, std::uint32_t fallback = 0);  ///< From 0.
  double number_or(std::string_view key, double fallback);                        ///< Finite and above 0.
  double number_or_zero(std::string_view key);                                    ///< 0 where there is none, or 0.
  bool boolean_or(std::string_view key, bool fallback);
  std::string text_or(std::string_view key, std::string_view fallback);
  /// The object under a key, whose errors are kept here; an empty one where there is none.
  ConfigReader object(std::string_view key);

  /// A key as sentences call it, with the object that it is in.
  std::string name(std::string_view key) const;

  void fail(ErrorCode code, std::string_view sentence);
  void require(bool truth, std::string_view sentence) {
    if (!truth) fail(ErrorCode::invalid_file, sentence);
  }
  void unsupported(std::string_view sentence) { fail(ErrorCode::unsupported, sentence); }
  const Result<void>& result() const { return first().result_; }

 private:
  ConfigReader(const nlohmann::json& config, ConfigReader& parent, std::string prefix);
  std::uint32_t whole(std::string_view key, const nlohmann::json& value, std::uint32_t least);
  void wrong(std::string_view key, std::string_view wanted, const nlohmann::json* found);
  ConfigReader& first() { return parent_ == nullptr ? *this : parent_->first(); }
  const ConfigReader& first() const { return parent_ == nullptr ? *this : parent_->first(); }

  const nlohmann::json& config_;
  ConfigReader* parent_ = nullptr;
  std::string start_;   ///< Of sentences.
  std::string prefix_;  ///< Of keys in sentences.
  Result<void> result_;
};

}  // namespace hadal::huggingface
