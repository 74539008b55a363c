#include "models/huggingface/config_reader.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace hadal::huggingface {
namespace {

// As KeyReader: far above any model of today, and every product of two stays below 2^48.
constexpr std::uint32_t most_of_anything = 1U << 24;

std::string shown(const nlohmann::json& value) {
  return printable(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), 40);
}

}  // namespace

ConfigReader::ConfigReader(const nlohmann::json& config, std::string folder, std::string file)
    : config_(config), start_(concat(printable(folder), ": ", printable(file), ": ")) {}

ConfigReader::ConfigReader(const nlohmann::json& config, ConfigReader& parent, std::string prefix)
    : config_(config), parent_(&parent), prefix_(std::move(prefix)) {}

const nlohmann::json* ConfigReader::find(std::string_view key) const {
  const auto found = config_.find(key);
  return found == config_.end() || found->is_null() ? nullptr : &*found;
}

bool ConfigReader::mentions(std::string_view key) const {
  return config_.contains(key);
}

std::uint32_t ConfigReader::count(std::string_view key) {
  const auto* value = find(key);
  if (value == nullptr) return wrong(key, "a whole number", nullptr), 1;
  return whole(key, *value, 1);
}

std::uint32_t ConfigReader::count_or(std::string_view key, std::uint32_t fallback) {
  const auto* value = find(key);
  return value == nullptr ? fallback : whole(key, *value, 1);
}

std::uint32_t ConfigReader::count_or_zero(std::string_view key, std::uint32_t fallback) {
  const auto* value = find(key);
  return value == nullptr ? fallback : whole(key, *value, 0);
}

std::uint32_t ConfigReader::whole(std::string_view key, const nlohmann::json& value, std::uint32_t least) {
  if (!value.is_number_integer()) return wrong(key, "a whole number", &value), 1;
  const auto number = value.is_number_unsigned() ? value.get<std::uint64_t>() : UINT64_MAX;
  if (number >= least && number <= most_of_anything) return static_cast<std::uint32_t>(number);
  fail(ErrorCode::invalid_file,
       concat(prefix_, key, " is ", shown(value), "; it must be between ", least, " and ", most_of_anything, "."));
  return 1;
}

double ConfigReader::number_or(std::string_view key, double fallback) {
  const auto* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_number()) return wrong(key, "a number", value), fallback;
  const auto number = value->get<double>();
  if (std::isfinite(number) && number > 0 && number < 1e30) return number;
  fail(ErrorCode::invalid_file, concat(prefix_, key, " is ", shown(*value), "; it must be above 0."));
  return fallback;
}

double ConfigReader::number_or_zero(std::string_view key) {
  const auto* value = find(key);
  const bool zero = value != nullptr && value->is_number() && value->get<double>() == 0;
  return zero || value == nullptr ? 0.0 : number_or(key, 1.0);
}

bool ConfigReader::boolean_or(std::string_view key, bool fallback) {
  const auto* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_boolean()) return wrong(key, "true or false", value), fallback;
  return value->get<bool>();
}

std::string ConfigReader::text_or(std::string_view key, std::string_view fallback) {
  const auto* value = find(key);
  if (value == nullptr) return std::string(fallback);
  if (!value->is_string()) return wrong(key, "text", value), std::string(fallback);
  return value->get<std::string>();
}

ConfigReader ConfigReader::object(std::string_view key) {
  static const nlohmann::json none = nlohmann::json::object();
  const auto* value = find(key);
  if (value != nullptr && !value->is_object()) wrong(key, "an object", value);
  return {value != nullptr && value->is_object() ? *value : none, *this, concat(prefix_, key, ".")};
}

std::string ConfigReader::name(std::string_view key) const {
  return concat(prefix_, key);
}

void ConfigReader::wrong(std::string_view key, std::string_view wanted, const nlohmann::json* found) {
  if (found == nullptr) return fail(ErrorCode::invalid_file, concat("there is no ", prefix_, key, " (", wanted, ")."));
  fail(ErrorCode::invalid_file, concat(prefix_, key, " should be ", wanted, ", but is ", shown(*found), "."));
}

void ConfigReader::fail(ErrorCode code, std::string_view sentence) {
  ConfigReader& keeper = first();
  if (keeper.result_) keeper.result_ = Error{code, concat(keeper.start_, sentence)};
}

}  // namespace hadal::huggingface
