#include "models/key_reader.h"

#include <cmath>

#include "base/text.h"

namespace hadal {

std::int64_t KeyReader::count(std::string_view key) {
  return keep(key, file_.u32(name(key)));
}

std::int64_t KeyReader::count_or(std::string_view key, std::int64_t fallback) {
  return keep(key, file_.u32_or(name(key), static_cast<std::uint32_t>(fallback)));
}

std::int64_t KeyReader::count_or_zero(std::string_view key) {
  const auto value = file_.u32_or(name(key), 0);
  return value && *value == 0 ? 0 : keep(key, value);
}

float KeyReader::number_or(std::string_view key, float fallback) {
  const auto value = file_.f32_or(name(key), fallback);
  if (!value) return fail(value.error()), fallback;
  if (!std::isfinite(*value) || *value <= 0.0F) {
    fail(file_.error(ErrorCode::invalid_file,
                     concat(name(key), " is ", std::to_string(*value), "; it must be above 0.")));
    return fallback;
  }
  return *value;
}

bool KeyReader::flag_or(std::string_view key, bool fallback) {
  const auto value = file_.boolean_or(name(key), fallback);
  if (!value) return fail(value.error()), fallback;
  return *value;
}

float KeyReader::number_or_zero(std::string_view key) {
  const auto value = file_.f32_or(name(key), 0.0F);
  return value && *value == 0.0F ? 0.0F : number_or(key, 1.0F);
}

std::string_view KeyReader::text_or(std::string_view key, std::string_view fallback) {
  const auto value = file_.string_or(name(key), fallback);
  if (!value) return fail(value.error()), fallback;
  return *value;
}

void KeyReader::require(bool truth, std::string_view sentence) {
  if (!truth) fail(file_.error(ErrorCode::invalid_file, filled(sentence)));
}

void KeyReader::unsupported(std::string_view sentence) {
  fail(file_.error(ErrorCode::unsupported, filled(sentence)));
}

void KeyReader::fail(Error error) {
  if (result_) result_ = std::move(error);
}

std::string KeyReader::name(std::string_view key) const {
  return concat(architecture_, ".", key);
}

std::string KeyReader::filled(std::string_view sentence) const {
  std::string text;
  for (const char c : sentence) {
    if (c == '@')
      text += architecture_;
    else
      text += c;
  }
  return text;
}

std::int64_t KeyReader::keep(std::string_view key, const Result<std::uint32_t>& value) {
  if (!value) return fail(value.error()), 1;
  if (*value == 0 || *value > kMostOfAnything) {
    fail(file_.error(ErrorCode::invalid_file,
                     concat(name(key), " is ", std::to_string(*value), "; it must be between 1 and ",
                            std::to_string(kMostOfAnything), ".")));
    return 1;
  }
  return *value;
}

}  // namespace hadal
