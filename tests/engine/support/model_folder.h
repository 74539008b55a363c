#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

namespace hadal::test {

/// A safetensors file taken apart: its header as text, and what lies behind it.
struct SafetensorsParts {
  std::string header, data;

  explicit SafetensorsParts(std::string_view file) {
    std::uint64_t length;
    std::memcpy(&length, file.data(), sizeof length);
    header = file.substr(sizeof length, length);
    data = file.substr(sizeof length + length);
  }
  SafetensorsParts(std::string head, std::string rest) : header(std::move(head)), data(std::move(rest)) {}
  std::string bytes() const {
    const std::uint64_t length = header.size();
    return std::string(reinterpret_cast<const char*>(&length), sizeof length) + header + data;
  }
};

/// A model's folder as transformers saves one, in memory: to be changed, and written somewhere.
struct ModelFolder {
  using Json = nlohmann::ordered_json;

  std::map<std::string, std::string> files;

  /// A model and a tokenizer of tests/data/hugging_face; `root`: the repository.
  static ModelFolder fixture(const std::filesystem::path& root, const std::string& model,
                             const std::string& tokenizer = "byte") {
    const std::filesystem::path data = root / "tests/data/hugging_face";
    ModelFolder folder;
    for (const auto& file : std::filesystem::directory_iterator(data / "models" / model)) {
      folder.files[file.path().filename().string()] = content(file.path());
    }
    folder.files["tokenizer.json"] = content(data / "tokenizers" / (tokenizer + ".json"));
    return folder;
  }

  Json json(const std::string& name) const { return Json::parse(files.at(name)); }
  void edit(const std::string& name, const std::function<void(Json&)>& change) {
    Json value = json(name);
    change(value);
    files[name] = value.dump();
  }
  /// Changes the header of a safetensors file; its data stays as it is.
  void edit_header(const std::string& name, const std::function<void(Json&)>& change) {
    SafetensorsParts parts(files.at(name));
    Json header = Json::parse(parts.header);
    change(header);
    parts.header = padded(header);
    files[name] = parts.bytes();
  }
  /// As writers do it, so that the data begins at a multiple of 8.
  static std::string padded(const Json& header) {
    std::string text = header.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');
    return text;
  }

  /// Instead of one file with the weights, two and an index.
  void divide() {
    const SafetensorsParts whole(files.at("model.safetensors"));
    const Json header = Json::parse(whole.header);
    Json heads[2] = {Json::object(), Json::object()}, index = {{"metadata", Json::object()}};
    std::string data[2];
    for (const auto& [name, entry] : header.items()) {
      if (name == "__metadata__") continue;
      const auto begin = entry["data_offsets"][0].get<std::size_t>(), end = entry["data_offsets"][1].get<std::size_t>();
      const int half = begin < whole.data.size() / 2 ? 0 : 1;
      Json moved = entry;
      moved["data_offsets"] = {data[half].size(), data[half].size() + end - begin};
      data[half] += whole.data.substr(begin, end - begin);
      heads[half][name] = moved;
      index["weight_map"][name] = shard(half);
    }
    for (const int half : {0, 1}) files[shard(half)] = SafetensorsParts(padded(heads[half]), data[half]).bytes();
    files["model.safetensors.index.json"] = index.dump();
    files.erase("model.safetensors");
  }
  static std::string shard(int number) { return "model-0000" + std::to_string(number + 1) + "-of-00002.safetensors"; }

  /// These files and no others.
  void write(const std::filesystem::path& place) const {
    std::filesystem::create_directories(place);
    for (const auto& old : std::filesystem::directory_iterator(place)) std::filesystem::remove_all(old.path());
    for (const auto& [name, bytes] : files) {
      std::ofstream out(place / name, std::ios::binary);
      if (!out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
        throw std::runtime_error("cannot write " + (place / name).string());
      }
    }
  }

  static std::string content(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + path.string());
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

}  // namespace hadal::test
