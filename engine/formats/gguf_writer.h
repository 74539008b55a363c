#pragma once

#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_set>
#include <vector>

#include "base/atomic_file.h"
#include "formats/checkpoint.h"
#include "hadal/result.h"
#include "tensor/dtype.h"

namespace hadal {

namespace detail {
template <class T>
constexpr GgufType gguf_type_of() {
  if constexpr (std::same_as<T, bool>)
    return GgufType::boolean;
  else if constexpr (std::floating_point<T>)
    return sizeof(T) == 4 ? GgufType::f32 : GgufType::f64;
  else if constexpr (sizeof(T) == 1)
    return std::is_signed_v<T> ? GgufType::i8 : GgufType::u8;
  else if constexpr (sizeof(T) == 2)
    return std::is_signed_v<T> ? GgufType::i16 : GgufType::u16;
  else if constexpr (sizeof(T) == 4)
    return std::is_signed_v<T> ? GgufType::i32 : GgufType::u32;
  else
    return std::is_signed_v<T> ? GgufType::i64 : GgufType::u64;
}
}  // namespace detail

template <class T>
concept GgufNumber = std::integral<T> || std::same_as<T, float> || std::same_as<T, double>;

/// A row of a tensor table to be written.
struct GgufTensorPlan {
  std::string name;
  DType type = DType::f32;
  std::vector<std::uint64_t> shape;  ///< Fastest first, as in CheckpointTensor.
  std::uint64_t bytes = 0;
  std::uint64_t offset = 0;  ///< From the start of the data.
};

/// What a GGUF file (version 3, little-endian) is going to hold: metadata in the order in which it was added, then the
/// tensor table. Nothing is written; file_bytes() is a forecast that GgufWriter keeps to the byte. What the format
/// forbids (a key twice, a row that is no multiple of the type's block) is remembered: result() tells the first.
class GgufPlan {
 public:
  /// Of every tensor's first byte: a power of two from 8; 32 unless told. Before any tensor().
  void align(std::uint32_t bytes);

  void string(std::string_view key, std::string_view value);
  /// Written with the type of the argument: pass std::uint32_t{1}, not 1, where u32 is meant.
  template <GgufNumber T>
  void number(std::string_view key, T value) {
    if (begin(key, detail::gguf_type_of<T>())) put(value);
  }
  void boolean(std::string_view key, bool value) { number(key, value); }
  void strings(std::string_view key, std::span<const std::string> values);
  void strings(std::string_view key, std::span<const std::string_view> values);
  template <GgufNumber T>
  void numbers(std::string_view key, std::span<const T> values) {
    if (begin_array(key, detail::gguf_type_of<T>(), values.size())) append(std::as_bytes(values));
  }
  /// A value as another file has it.
  void copy(std::string_view key, const GgufValue& value);

  /// Tensors lie in the file in the order in which they are added.
  void tensor(std::string_view name, DType type, std::span<const std::uint64_t> shape);

  const Result<void>& result() const { return result_; }
  std::span<const GgufTensorPlan> tensors() const { return tensors_; }
  std::uint64_t data_bytes() const { return data_bytes_; }  ///< With the gaps between tensors.
  std::uint64_t data_offset() const;                        ///< Of the first tensor, from the start of the file.
  std::uint64_t file_bytes() const { return data_offset() + data_bytes_; }

 private:
  friend class GgufWriter;
  bool begin(std::string_view key, GgufType type);
  bool begin_array(std::string_view key, GgufType element, std::uint64_t count);
  template <class Text>
  void put_strings(std::string_view key, std::span<const Text> values);
  template <class T>
  void put(T value) {
    append(std::as_bytes(std::span(&value, 1)));
  }
  void put_string(std::string_view text);
  void append(std::span<const std::byte> bytes) {
    metadata_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  void refuse(std::string_view sentence);
  std::uint64_t aligned(std::uint64_t value) const { return (value + alignment_ - 1) / alignment_ * alignment_; }
  std::string header() const;

  std::uint64_t alignment_ = 32;
  std::string metadata_;
  std::uint64_t entries_ = 0;
  std::unordered_set<std::string> keys_, names_;
  std::vector<GgufTensorPlan> tensors_;
  std::uint64_t table_bytes_ = 0;
  std::uint64_t data_bytes_ = 0;
  Result<void> result_;
};

/// Writes a planned file: the header at once, tensors in pieces as they come. The file takes its place, in one step,
/// with finish(); if that is not reached, nothing of it stays.
class GgufWriter {
 public:
  /// Fails with the plan's error, and where the file cannot be written or its disk has no room for it.
  static Result<GgufWriter> create(const std::filesystem::path& path, GgufPlan plan);

  const GgufPlan& plan() const { return plan_; }

  /// Bytes of a tensor from `offset` on. Any order, any thread; every byte exactly once.
  Result<void> write(std::size_t tensor, std::uint64_t offset, std::span<const std::byte> bytes);
  /// The next bytes of the tensors one after another; a piece may end anywhere, but not reach into another tensor.
  /// One thread, and not together with write().
  Result<void> append(std::span<const std::byte> bytes);
  /// Bytes of tensors written so far; any thread.
  std::uint64_t written() const { return written_->load(std::memory_order_relaxed); }

  /// Fails with invalid_argument if bytes of a tensor are missing.
  Result<void> finish();

 private:
  GgufWriter(AtomicFile file, GgufPlan plan) : file_(std::move(file)), plan_(std::move(plan)) {}

  AtomicFile file_;
  GgufPlan plan_;
  std::size_t tensor_ = 0;    ///< Where append() is.
  std::uint64_t offset_ = 0;  ///< Inside it.
  std::unique_ptr<std::atomic<std::uint64_t>> written_ = std::make_unique<std::atomic<std::uint64_t>>(0);
};

}  // namespace hadal
