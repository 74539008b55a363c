#pragma once

#include <cstdint>
#include <string>

#include "hadal/result.h"

namespace hadal::tools {

/// The whole of a regular file of UTF-8 text, read rather than mapped: it may lie in /proc, and another program may
/// shorten it meanwhile. Fails for pipes, devices and folders, for files of more than `most` bytes and for text that is
/// not UTF-8; each sentence names the file.
Result<std::string> read_text_file(const std::string& path, std::uint64_t most);

}  // namespace hadal::tools
