#pragma once

#include "formats/gguf.h"

namespace hadal {

/// Reads and checks a file's header into a GgufFile; private to GgufFile.
class GgufParser {
 public:
  explicit GgufParser(GgufFile& out) : out_(out) {}
  Result<void> run();

 private:
  __extension__ typedef unsigned __int128 Wide;

  Result<void> read_preamble();
  Result<void> read_metadata();
  Result<GgufValue> read_value(std::string_view key);
  Result<GgufValue> read_array(std::string_view key);
  Result<void> read_alignment();
  Result<void> read_tensor_table();
  Result<GgufTensor> read_tensor(std::uint64_t index);
  Result<void> size_tensor(GgufTensor& tensor) const;
  Result<void> place_tensors();
  Result<void> check_overlaps() const;

  std::uint64_t remaining() const { return out_.bytes_.size() - position_; }
  /// The caller has checked that the bytes are there.
  template <class T>
  T take();
  Result<std::uint64_t> take_length(std::string_view what);
  Result<std::string_view> take_string(std::string_view what, std::uint64_t limit);
  Error truncated(std::string_view what) const;
  Error invalid(std::string_view sentence) const { return out_.error(ErrorCode::invalid_file, sentence); }

  GgufFile& out_;
  std::uint64_t position_ = 0;
  std::uint64_t tensor_count_ = 0;
  std::uint64_t metadata_count_ = 0;
  std::uint64_t alignment_ = 32;
};

}  // namespace hadal
