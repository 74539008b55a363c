#include "models/huggingface/shards.h"

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "base/text.h"
#include "formats/json_file.h"

namespace hadal::huggingface {
namespace {

constexpr std::string_view single_file = "model.safetensors", index_file = "model.safetensors.index.json";
// DeepSeek-V3's has 91,991 tensors in 8.9 MB.
constexpr std::uint64_t max_index_bytes = 32'000'000;
constexpr std::size_t max_shards = 4096;

class Opener {
 public:
  Opener(const std::filesystem::path& folder, CheckpointBuilder& out) : folder_(folder), out_(out) {}

  Result<std::vector<ShardTensor>> run() {
    if (exists(single_file)) {
      if (auto done = open(std::string(single_file)); !done) return done.error();
    } else if (auto done = open_listed(); !done) {
      return done.error();
    }
    return std::move(tensors_);
  }

 private:
  bool exists(std::string_view name) const {
    std::error_code ignored;
    return std::filesystem::exists(folder_ / name, ignored);
  }
  Error error(ErrorCode code, std::string_view sentence) const { return out_.so_far().error(code, sentence); }
  Error invalid(std::string_view sentence) const { return error(ErrorCode::invalid_file, sentence); }

  Result<void> open_listed() {
    if (!exists(index_file)) {
      const bool pickled = exists("pytorch_model.bin") || exists("pytorch_model.bin.index.json");
      return error(
          ErrorCode::not_found,
          concat("the folder has neither ", single_file, " nor ", index_file, ", which hold the weights.",
                 pickled ? " It has PyTorch's own format, which runs programs when it is read; Hadal leaves it "
                           "alone. Get the safetensors files of this model."
                         : ""));
    }
    const auto index = read_json_object(folder_ / index_file, max_index_bytes);
    if (!index) return invalid(index.error().message);
    const auto map = index->find("weight_map");
    if (map == index->end() || !map->is_object()) return invalid(concat(index_file, ": there is no weight_map."));
    std::map<std::string, std::size_t> files;  // with how many tensors each
    for (const auto& [tensor, file] : map->items()) {
      if (auto checked = check_name(tensor, file); !checked) return checked;
      ++files[file.get<std::string>()];
    }
    if (files.size() > max_shards) {
      return invalid(concat(index_file, " lists ", files.size(), " files; at most ", max_shards, " are supported."));
    }
    for (const auto& [file, count] : files) {
      if (!exists(file)) {
        return error(ErrorCode::not_found, concat(printable(file), " is missing, which by ", index_file, " holds ",
                                                  counted(count, "tensor"), ". Download it as well."));
      }
      if (auto done = open(file); !done) return done;
    }
    return check_places(*map);
  }

  /// Names of files beside the index, nothing else: what an index says must not reach other folders.
  Result<void> check_name(const std::string& tensor, const nlohmann::json& file) const {
    const auto wrong = [&](std::string_view how) {
      return invalid(concat(index_file, ": weight_map says that tensor ", printable(tensor), " is in ", how));
    };
    if (!file.is_string()) return wrong("something that is no file name.");
    const auto& name = file.get_ref<const std::string&>();
    if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos ||
        name.find('\\') != std::string::npos || name.find('\0') != std::string::npos) {
      return wrong(concat("\"", printable(name), "\", which is no file of this folder."));
    }
    if (!name.ends_with(".safetensors")) {
      return wrong(concat("\"", printable(name), "\", which is no safetensors file."));
    }
    return {};
  }

  Result<void> open(const std::string& name) {
    auto file = MappedFile::open(folder_ / name);
    if (!file) return file.error();
    auto tensors = parse_safetensors(file->bytes(), name);
    if (!tensors) return error(tensors.error().code, tensors.error().message);
    out_.keep(std::move(*file));
    for (SafetensorsTensor& tensor : *tensors) {
      const auto [place, fresh] = places_.emplace(tensor.name, name);
      if (!fresh) {
        return invalid(concat("tensor ", printable(tensor.name), " is both in ", printable(place->second), " and in ",
                              printable(name), "."));
      }
      tensors_.push_back({std::move(tensor), name});
    }
    return {};
  }

  Result<void> check_places(const nlohmann::json& map) const {
    for (const auto& [tensor, file] : map.items()) {
      const auto place = places_.find(tensor);
      const auto& name = file.get_ref<const std::string&>();
      if (place == places_.end() || place->second != name) {
        return invalid(concat(index_file, " says that tensor ", printable(tensor), " is in ", printable(name),
                              ", but it is not."));
      }
    }
    return {};
  }

  const std::filesystem::path& folder_;
  CheckpointBuilder& out_;
  std::vector<ShardTensor> tensors_;
  std::unordered_map<std::string, std::string> places_;  ///< Tensor to file.
};

}  // namespace

Result<std::vector<ShardTensor>> open_shards(const std::filesystem::path& folder, CheckpointBuilder& out) {
  return Opener(folder, out).run();
}

}  // namespace hadal::huggingface
