#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mapped_file.h"
#include "hadal/result.h"
#include "tensor/dtype.h"

namespace hadal {

/// Types of metadata values, numbered as in GGUF files (GGUF specification, gguf_metadata_value_type).
enum class GgufType : std::uint32_t {
  u8 = 0,
  i8 = 1,
  u16 = 2,
  i16 = 3,
  u32 = 4,
  i32 = 5,
  f32 = 6,
  boolean = 7,
  string = 8,
  array = 9,
  u64 = 10,
  i64 = 11,
  f64 = 12,
};

/// "u32", "string", ... for sentences; "type 77" for numbers that name none.
std::string gguf_type_name(GgufType type);

/// A metadata value, laid out as in a GGUF file; its bytes were checked.
struct GgufValue {
  GgufType type = GgufType::u8;
  GgufType element = GgufType::u8;     ///< Of an array.
  std::uint64_t count = 1;             ///< Elements of an array, bytes of a string, otherwise 1.
  std::span<const std::byte> payload;  ///< A scalar's, string's or array's bytes, without type and length.
};

/// A row of the tensor table, checked against the file it lies in.
struct CheckpointTensor {
  std::string_view name;
  DType type = DType::f32;
  std::uint32_t dimensions = 0;                       ///< 1 to 4.
  std::array<std::uint64_t, 4> shape = {1, 1, 1, 1};  ///< Fastest first: [columns, rows, ...]; none is 0.
  std::uint64_t elements = 0;                         ///< Product of the shape; below 2^63.
  std::span<const std::byte> data;                    ///< Row-major, whole blocks of the type.
  std::span<const std::byte> scales;                  ///< Of DType::f8_e4m3, as WeightView has them; else empty.

  std::uint64_t bytes() const { return data.size(); }
  std::int64_t columns() const { return static_cast<std::int64_t>(shape[0]); }
  /// All dimensions but the first.
  std::int64_t rows() const { return static_cast<std::int64_t>(elements / shape[0]); }
};

/// A model's metadata and tensors, with the names and types that GGUF files give them, whatever files they come from:
/// what models/ and text/ read. Validated as a whole before anything of it can be used: every tensor's bytes lie inside
/// its file, apart from the others, and every metadata value is whole. Errors begin with the checkpoint's name.
/// Immutable; any thread. Views stay valid while the object, or what it was moved to, lives.
class Checkpoint {
 public:
  const std::string& name() const { return name_; }         ///< The file's name without its folder, for sentences.
  std::uint64_t file_bytes() const { return file_bytes_; }  ///< Of all files it was read from.

  // Metadata. Every getter fails where the key is missing or its value has another type, and names the key and both
  // types. The *_or variants take a fallback for a missing key, but still refuse another type.
  bool has(std::string_view key) const { return metadata_.contains(key); }
  Result<std::string_view> string(std::string_view key) const;
  Result<std::uint32_t> u32(std::string_view key) const;
  Result<float> f32(std::string_view key) const;
  Result<bool> boolean(std::string_view key) const;
  Result<std::string_view> string_or(std::string_view key, std::string_view fallback) const;
  Result<std::uint32_t> u32_or(std::string_view key, std::uint32_t fallback) const;
  Result<float> f32_or(std::string_view key, float fallback) const;
  Result<bool> boolean_or(std::string_view key, bool fallback) const;
  Result<std::vector<std::string_view>> strings(std::string_view key) const;
  Result<std::vector<std::int32_t>> i32s(std::string_view key) const;
  Result<std::vector<std::uint32_t>> u32s(std::string_view key) const;
  Result<std::vector<float>> f32s(std::string_view key) const;
  /// Null if missing.
  const GgufValue* value(std::string_view key) const;
  /// Keys in the order of the file.
  std::span<const std::string_view> keys() const { return keys_; }

  // Tensors.
  std::span<const CheckpointTensor> tensors() const { return tensors_; }  ///< In the order of the file.
  /// Null if missing.
  const CheckpointTensor* find_tensor(std::string_view name) const;
  /// Fails where the tensor is missing.
  Result<const CheckpointTensor*> tensor(std::string_view name) const;

  /// Passes a hint about a tensor's bytes, or some of them, to the system; does nothing where they are in no mapped
  /// file.
  void advise(const CheckpointTensor& tensor, MappedFile::Advice advice) const { advise(tensor.data, advice); }
  void advise(std::span<const std::byte> bytes, MappedFile::Advice advice) const;

  /// An Error whose sentence begins with the name. Where the files have names of their own for what the sentence speaks
  /// of, it ends with them.
  Error error(ErrorCode code, std::string_view sentence) const;

 private:
  friend class CheckpointBuilder;
  Error mismatch(std::string_view key, std::string_view wanted, const GgufValue* found) const;
  std::string own_names(std::string_view sentence) const;
  template <class T>
  Result<T> scalar(std::string_view key, GgufType type) const;
  template <class T>
  Result<std::vector<T>> numbers(std::string_view key, GgufType element) const;

  std::vector<MappedFile> files_;
  std::deque<std::string> texts_;  ///< Names and values that are in no file.
  std::string name_;
  std::function<std::string(std::string_view)> own_name_;  ///< See CheckpointBuilder::name_by().
  std::uint64_t file_bytes_ = 0;
  std::vector<std::string_view> keys_;
  std::unordered_map<std::string_view, GgufValue> metadata_;
  std::vector<CheckpointTensor> tensors_;
  std::unordered_map<std::string_view, std::size_t> tensor_index_;
};

}  // namespace hadal
