#pragma once

#include <string>
#include <string_view>

#include "base/text.h"
#include "formats/checkpoint_builder.h"

namespace hadal::huggingface {

/// Writes the metadata "<architecture>.<key>".
class KeyWriter {
 public:
  KeyWriter(CheckpointBuilder& out, std::string_view architecture) : out_(out), architecture_(architecture) {}

  void u32(std::string_view key, std::uint32_t value) { out_.add_u32(name(key), value); }
  void f32(std::string_view key, double value) { out_.add_f32(name(key), static_cast<float>(value)); }
  void boolean(std::string_view key, bool value) { out_.add_boolean(name(key), value); }
  void text(std::string_view key, std::string_view value) { out_.add_string(name(key), value); }
  CheckpointBuilder& checkpoint() { return out_; }

 private:
  std::string name(std::string_view key) const { return concat(architecture_, ".", key); }

  CheckpointBuilder& out_;
  std::string architecture_;
};

}  // namespace hadal::huggingface
