#include "formats/checkpoint.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace hadal {
namespace {

template <class T>
T load(const std::byte* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

std::string describe(const GgufValue& value) {
  if (value.type != GgufType::array) return gguf_type_name(value.type);
  return concat("array of ", gguf_type_name(value.element));
}

}  // namespace

std::string gguf_type_name(GgufType type) {
  static constexpr std::array<std::string_view, 13> names = {"u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                                             "bool", "string", "array", "u64", "i64", "f64"};
  const auto number = static_cast<std::uint32_t>(type);
  return number < names.size() ? std::string(names[number]) : concat("type ", number);
}

Error Checkpoint::error(ErrorCode code, std::string_view sentence) const {
  const std::string own = own_name_ ? own_names(sentence) : std::string();
  if (own.empty()) return {code, concat(printable(name_), ": ", sentence)};
  return {code, concat(printable(name_), ": ", sentence, " The folder's own names: ", own, ".")};
}

/// Of the sentence's words those that the files call otherwise, each once.
std::string Checkpoint::own_names(std::string_view sentence) const {
  std::vector<std::string> names;
  constexpr std::string_view around = " .,;:()\"";
  for (std::size_t at = 0; (at = sentence.find_first_not_of(around, at)) != std::string_view::npos;) {
    const std::size_t end = std::min(sentence.find(' ', at), sentence.size());
    const std::string_view word = sentence.substr(at, end - at);
    std::string own = own_name_(word.substr(0, word.find_last_not_of(around) + 1));
    if (!own.empty() && std::ranges::find(names, own) == names.end()) names.push_back(std::move(own));
    at = end;
  }
  std::string list;
  for (const std::string& name : names) list += concat(list.empty() ? "" : ", ", name);
  return list;
}

const GgufValue* Checkpoint::value(std::string_view key) const {
  const auto found = metadata_.find(key);
  return found == metadata_.end() ? nullptr : &found->second;
}

Error Checkpoint::mismatch(std::string_view key, std::string_view wanted, const GgufValue* found) const {
  if (found == nullptr) {
    return error(ErrorCode::invalid_file, concat("the metadata has no ", printable(key), " (", wanted, ")."));
  }
  return error(ErrorCode::invalid_file,
               concat("metadata ", printable(key), " should be of type ", wanted, ", but is ", describe(*found), "."));
}

template <class T>
Result<T> Checkpoint::scalar(std::string_view key, GgufType type) const {
  const GgufValue* found = value(key);
  if (found == nullptr || found->type != type) return mismatch(key, gguf_type_name(type), found);
  return load<T>(found->payload.data());
}

template <class T>
Result<std::vector<T>> Checkpoint::numbers(std::string_view key, GgufType element) const {
  const GgufValue* found = value(key);
  if (found == nullptr || found->type != GgufType::array || found->element != element) {
    return mismatch(key, concat("array of ", gguf_type_name(element)), found);
  }
  std::vector<T> out(found->count);
  if (!out.empty()) std::memcpy(out.data(), found->payload.data(), found->payload.size());
  return out;
}

Result<std::string_view> Checkpoint::string(std::string_view key) const {
  const GgufValue* found = value(key);
  if (found == nullptr || found->type != GgufType::string) return mismatch(key, "string", found);
  return std::string_view(reinterpret_cast<const char*>(found->payload.data()), found->payload.size());
}

Result<std::uint32_t> Checkpoint::u32(std::string_view key) const {
  return scalar<std::uint32_t>(key, GgufType::u32);
}

Result<float> Checkpoint::f32(std::string_view key) const {
  return scalar<float>(key, GgufType::f32);
}

Result<bool> Checkpoint::boolean(std::string_view key) const {
  const auto byte = scalar<std::uint8_t>(key, GgufType::boolean);
  if (!byte) return byte.error();
  return *byte != 0;
}

Result<std::string_view> Checkpoint::string_or(std::string_view key, std::string_view fallback) const {
  return has(key) ? string(key) : fallback;
}

Result<std::uint32_t> Checkpoint::u32_or(std::string_view key, std::uint32_t fallback) const {
  return has(key) ? u32(key) : fallback;
}

Result<float> Checkpoint::f32_or(std::string_view key, float fallback) const {
  return has(key) ? f32(key) : fallback;
}

Result<bool> Checkpoint::boolean_or(std::string_view key, bool fallback) const {
  return has(key) ? boolean(key) : fallback;
}

Result<std::vector<std::string_view>> Checkpoint::strings(std::string_view key) const {
  const GgufValue* found = value(key);
  if (found == nullptr || found->type != GgufType::array || found->element != GgufType::string) {
    return mismatch(key, "array of string", found);
  }
  std::vector<std::string_view> out;
  out.reserve(found->count);
  const auto* at = reinterpret_cast<const char*>(found->payload.data());
  for (std::uint64_t i = 0; i < found->count; ++i) {
    const auto length = load<std::uint64_t>(reinterpret_cast<const std::byte*>(at));
    out.emplace_back(at + sizeof length, length);
    at += sizeof length + length;
  }
  return out;
}

Result<std::vector<std::int32_t>> Checkpoint::i32s(std::string_view key) const {
  return numbers<std::int32_t>(key, GgufType::i32);
}

Result<std::vector<std::uint32_t>> Checkpoint::u32s(std::string_view key) const {
  return numbers<std::uint32_t>(key, GgufType::u32);
}

Result<std::vector<float>> Checkpoint::f32s(std::string_view key) const {
  return numbers<float>(key, GgufType::f32);
}

const CheckpointTensor* Checkpoint::find_tensor(std::string_view name) const {
  const auto found = tensor_index_.find(name);
  return found == tensor_index_.end() ? nullptr : &tensors_[found->second];
}

Result<const CheckpointTensor*> Checkpoint::tensor(std::string_view name) const {
  const CheckpointTensor* found = find_tensor(name);
  if (found == nullptr) return error(ErrorCode::invalid_file, concat("tensor ", printable(name), " is missing."));
  return found;
}

void Checkpoint::advise(std::span<const std::byte> bytes, MappedFile::Advice advice) const {
  const auto file = std::ranges::find_if(files_, [&](const MappedFile& f) { return f.holds(bytes); });
  if (file != files_.end()) file->advise(bytes, advice);
}

}  // namespace hadal
