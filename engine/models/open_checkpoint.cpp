#include "models/open_checkpoint.h"

#include "formats/gguf.h"
#include "models/huggingface/folder.h"

namespace hadal {
namespace {

bool is_part_of_a_folder(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  return name == "config.json" || name.ends_with(".safetensors") || name.ends_with(".safetensors.index.json");
}

}  // namespace

Result<Checkpoint> open_checkpoint(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return huggingface::open_folder(path);
  if (is_part_of_a_folder(path) && std::filesystem::exists(path, ignored)) {
    return huggingface::open_folder(path.has_parent_path() ? path.parent_path() : ".");
  }
  return open_gguf(path);
}

}  // namespace hadal
