#include "models/open_checkpoint.h"

#include "formats/gguf.h"

namespace hadal {

Result<Checkpoint> open_checkpoint(const std::filesystem::path& path) {
  return open_gguf(path);
}

}  // namespace hadal
