#pragma once

#include "formats/checkpoint_builder.h"

namespace hadal {

/// Reads and checks a GGUF file's header into a checkpoint.
class GgufParser {
 public:
  GgufParser(CheckpointBuilder& out, std::span<const std::byte> bytes) : out_(out), bytes_(bytes) {}
  Result<void> run();

 private:
  __extension__ typedef unsigned __int128 Wide;
  /// A tensor before its place is known to lie inside the file.
  struct Row {
    CheckpointTensor tensor;
    std::uint64_t offset = 0;  ///< From the start of the data.
    std::uint64_t bytes = 0;
  };

  Result<void> read_preamble();
  Result<void> read_metadata();
  Result<GgufValue> read_value(std::string_view key);
  Result<GgufValue> read_array(std::string_view key);
  Result<void> read_alignment();
  Result<void> read_tensor_table();
  Result<Row> read_tensor(std::uint64_t index);
  Result<void> size_tensor(Row& row) const;
  Result<void> place_tensors();
  Result<void> check_overlaps() const;

  std::uint64_t remaining() const { return bytes_.size() - position_; }
  /// The caller has checked that the bytes are there.
  template <class T>
  T take();
  Result<std::uint64_t> take_length(std::string_view what);
  Result<std::string_view> take_string(std::string_view what, std::uint64_t limit);
  Error truncated(std::string_view what) const;
  Error error(ErrorCode code, std::string_view sentence) const { return out_.so_far().error(code, sentence); }
  Error invalid(std::string_view sentence) const { return error(ErrorCode::invalid_file, sentence); }

  CheckpointBuilder& out_;
  std::span<const std::byte> bytes_;
  std::vector<Row> rows_;
  std::uint64_t position_ = 0;
  std::uint64_t tensor_count_ = 0;
  std::uint64_t metadata_count_ = 0;
  std::uint64_t alignment_ = 32;
};

}  // namespace hadal
