#pragma once

#include <span>
#include <string>

#include "hadal/result.h"

namespace hadal::tools {

/// Refuses an output that is one of the files being read, by whatever name: through links, or as another name of the
/// same file. Of a model that is a folder, or is named by a file in one, every file of the folder counts. `inputs` may
/// hold empty names. To be asked before the output is opened.
Result<void> check_output(const std::string& out, std::span<const std::string> inputs);

}  // namespace hadal::tools
