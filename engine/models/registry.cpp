#include "models/registry.h"

#include <string>

#include "base/text.h"
#include "models/llama.h"

namespace hadal {
namespace {

struct Architecture {
  std::string_view name;
  Result<std::unique_ptr<const Decoder>> (*load)(const GgufFile& file);
};

constexpr Architecture kArchitectures[] = {{"llama", load_llama}};

}  // namespace

Result<std::unique_ptr<const Decoder>> load_decoder(const GgufFile& file) {
  const auto name = file.string("general.architecture");
  if (!name) return name.error();
  std::string known;
  for (const Architecture& architecture : kArchitectures) {
    if (architecture.name == *name) return architecture.load(file);
    known += concat(known.empty() ? "" : ", ", architecture.name);
  }
  return file.error(ErrorCode::unsupported, concat("the model's architecture (metadata general.architecture) is \"",
                                                   printable(*name), "\"; this version of Hadal runs ", known, "."));
}

}  // namespace hadal
