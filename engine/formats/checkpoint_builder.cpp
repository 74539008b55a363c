#include "formats/checkpoint_builder.h"

namespace hadal {
namespace {

template <class T>
std::span<const std::byte> bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

bool CheckpointBuilder::add_payload(std::string_view key, GgufType type, GgufType element, std::uint64_t count,
                                    std::span<const std::byte> payload) {
  if (out_.has(key)) return false;
  const std::string_view kept = keep(text_of(payload));
  return add(keep(std::string(key)), {type, element, count, std::as_bytes(std::span(kept))});
}

bool CheckpointBuilder::add_u32(std::string_view key, std::uint32_t value) {
  return add_payload(key, GgufType::u32, GgufType::u8, 1, bytes_of(value));
}

bool CheckpointBuilder::add_f32(std::string_view key, float value) {
  return add_payload(key, GgufType::f32, GgufType::u8, 1, bytes_of(value));
}

bool CheckpointBuilder::add_boolean(std::string_view key, bool value) {
  return add_payload(key, GgufType::boolean, GgufType::u8, 1, bytes_of(static_cast<std::uint8_t>(value)));
}

bool CheckpointBuilder::add_string(std::string_view key, std::string_view value) {
  return add_payload(key, GgufType::string, GgufType::u8, value.size(), std::as_bytes(std::span(value)));
}

bool CheckpointBuilder::add_strings(std::string_view key, std::span<const std::string> values) {
  std::string payload;
  for (const std::string& value : values) {
    payload += text_of(bytes_of(std::uint64_t{value.size()}));
    payload += value;
  }
  return add_payload(key, GgufType::array, GgufType::string, values.size(), std::as_bytes(std::span(payload)));
}

bool CheckpointBuilder::add_i32s(std::string_view key, std::span<const std::int32_t> values) {
  return add_payload(key, GgufType::array, GgufType::i32, values.size(), std::as_bytes(values));
}

}  // namespace hadal
