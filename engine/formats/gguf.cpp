#include "formats/gguf.h"

#include <utility>

#include "formats/gguf_parser.h"

namespace hadal {

Result<Checkpoint> open_gguf(const std::filesystem::path& path) {
  auto file = MappedFile::open(path);
  if (!file) return file.error();
  CheckpointBuilder builder(path.filename().string());
  const auto bytes = builder.keep(std::move(*file));
  if (auto done = GgufParser(builder, bytes).run(); !done) return done.error();
  return std::move(builder).take();
}

Result<Checkpoint> parse_gguf(std::span<const std::byte> bytes, std::string name) {
  CheckpointBuilder builder(std::move(name));
  builder.count(bytes.size());
  if (auto done = GgufParser(builder, bytes).run(); !done) return done.error();
  return std::move(builder).take();
}

}  // namespace hadal
