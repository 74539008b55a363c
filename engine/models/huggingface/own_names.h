#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "models/huggingface/config_reader.h"
#include "models/huggingface/families.h"

namespace hadal::huggingface {

/// Tells what the folder calls a key or a tensor that the engine knows by GGUF's name: the key of config.json, or the
/// tensor's name in the safetensors files. Empty for what has no other name.
std::function<std::string(std::string_view)> own_names(const ConfigReader& config, const Family& family);

}  // namespace hadal::huggingface
