#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/support/model_folder.h"
#include "formats/safetensors.h"
#include "fuzz/entrances/entrance.h"
#include "fuzz/entrances/input.h"
#include "fuzz/entrances/model_use.h"
#include "models/open_checkpoint.h"
#include "text/tokenizer_factory.h"

// A model's folder as Hugging Face publishes them: config.json, the headers of one or two safetensors files, an index,
// tokenizer.json and what stands beside it. What the headers describe is filled with one byte, so that a folder can be
// read and written by hand.
namespace hadal::test {
namespace {

constexpr std::uint64_t most_data = 1 << 17;

/// A folder of the system's memory where there is one, for each process its own; gone with the program.
class Place {
 public:
  Place() {
    std::string path = (std::filesystem::exists("/dev/shm") ? "/dev/shm" : "/tmp") + std::string("/fuzzed-XXXXXX");
    promise(mkdtemp(path.data()) != nullptr, "no folder can be made");
    path_ = path;
  }
  ~Place() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  std::filesystem::path model() const { return path_ / "model"; }

 private:
  std::filesystem::path path_;
};

/// Where the data ends that a header speaks of, as far as it can be understood.
std::uint64_t data_bytes(std::string_view header) {
  std::uint64_t end = 0;
  const auto json = nlohmann::json::parse(header, nullptr, false);
  if (!json.is_object()) return 16;
  for (const auto& entry : json) {
    const auto offsets = entry.is_object() ? entry.find("data_offsets") : entry.end();
    if (!entry.is_object() || offsets == entry.end() || !offsets->is_array() || offsets->size() != 2) continue;
    if ((*offsets)[1].is_number_unsigned()) end = std::max(end, (*offsets)[1].get<std::uint64_t>());
  }
  return std::min(end, most_data);
}

std::string safetensors(std::string_view header, char fill) {
  return SafetensorsParts(std::string(header), std::string(data_bytes(header), fill)).bytes();
}

/// On a copy of its very size, where a byte read past the end is seen.
void parse_alone(const std::string& file) {
  const std::vector<char> exact(file.begin(), file.end());
  const auto bytes = std::as_bytes(std::span(exact));
  const auto tensors = parse_safetensors(bytes, "fuzzed.safetensors");
  if (!tensors) return promise_sentence(tensors.error(), "fuzzed.safetensors: ");
  for (const SafetensorsTensor& tensor : *tensors) {
    promise(
        tensor.data.data() >= bytes.data() && tensor.data.data() + tensor.data.size() <= bytes.data() + bytes.size(),
        "a tensor outside of the file");
  }
}

ModelFolder folder_of(Input& input) {
  const char fill = static_cast<char>(input.byte());
  ModelFolder folder;
  const auto add = [&](const char* name, std::string_view bytes) {
    if (!bytes.empty()) folder.files[name] = bytes;
  };
  add("config.json", input.section());
  const std::string_view first = input.section(), second = input.section();
  if (second.empty()) {
    folder.files["model.safetensors"] = safetensors(first, fill);
  } else {
    folder.files[ModelFolder::shard(0)] = safetensors(first, fill);
    folder.files[ModelFolder::shard(1)] = safetensors(second, fill);
  }
  for (const char* name : {"model.safetensors.index.json", "tokenizer.json", "generation_config.json",
                           "tokenizer_config.json", "chat_template.jinja"}) {
    add(name, input.section());
  }
  return folder;
}

}  // namespace

void enter_folder(std::string_view input) {
  static const Place place;
  Input parts(input);
  const ModelFolder folder = folder_of(parts);
  for (const auto& [name, bytes] : folder.files) {
    if (name.ends_with(".safetensors")) parse_alone(bytes);
  }
  folder.write(place.model());
  auto file = open_checkpoint(place.model());
  if (!file) return promise_sentence(file.error(), "model: ");
  // The model may refuse for its own reasons what the tokenizer is made of.
  if (const auto tokenizer = make_tokenizer(*file); !tokenizer) promise_sentence(tokenizer.error(), "model: ");
  const auto model = Model::load(place.model());
  if (!model) return promise_sentence(model.error(), "model: ");
  write_and_read(**model);
  compute(*model);
}

}  // namespace hadal::test
