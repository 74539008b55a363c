#include "fuzz/folder_mutator.h"

#include <algorithm>
#include <limits>
#include <random>

namespace hadal::test {
namespace {

using Json = ModelFolder::Json;

constexpr const char* config = "config.json";
constexpr const char* weights_file = "model.safetensors";
constexpr const char* index_file = "model.safetensors.index.json";

class FolderMutator {
 public:
  FolderMutator(const ModelFolder& folder, std::uint64_t seed) : random_(seed) { out_.folder = folder; }

  MutatedFolder run(FolderMutation mutation) {
    switch (mutation) {
      case FolderMutation::config_values:
        edit(config, [&](Json& json) { change_somewhere(json); });
        break;
      case FolderMutation::rope_values:
        edit(config, [&](Json& json) { rope(json); });
        break;
      case FolderMutation::header_numbers:
        edit_header([&](Json& header) { header_number(header); });
        break;
      case FolderMutation::header_entries:
        edit_header([&](Json& header) { header_entry(header); });
        break;
      case FolderMutation::header_bytes:
        header_bytes();
        break;
      case FolderMutation::index:
        index();
        break;
      case FolderMutation::files:
        files();
        break;
      case FolderMutation::weights:
        weights();
        break;
      case FolderMutation::tokenizer:
        tokenizer();
        break;
      case FolderMutation::random_bytes:
        random_bytes(bytes_of(any_file()));
        break;
    }
    return std::move(out_);
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return limit == 0 ? 0 : random_() % limit; }
  template <class... T>
  auto one_of(T... values) {
    const std::common_type_t<T...> all[] = {values...};
    return all[below(sizeof...(T))];
  }
  void note(const std::string& what) { out_.what += what + "; "; }
  std::string& bytes_of(const std::string& file) { return out_.folder.files[file]; }
  std::string any_file() {
    auto file = out_.folder.files.begin();
    std::advance(file, below(out_.folder.files.size()));
    note("in " + file->first);
    return file->first;
  }

  template <class Change>
  void edit(const std::string& file, const Change& change) {
    note("in " + file);
    out_.folder.edit(file, change);
  }
  template <class Change>
  void edit_header(const Change& change) {
    note("in the header");
    out_.folder.edit_header(weights_file, change);
  }

  // JSON of any kind.

  /// A place below `json`, each branch as likely as the others of its object or list.
  Json& somewhere(Json& json) {
    Json* at = &json;
    do {
      auto child = at->begin();
      std::advance(child, below(at->size()));
      note(at->is_object() ? child.key() : "[]");
      at = &*child;
    } while (at->is_structured() && !at->empty() && below(6) != 0);
    return *at;
  }

  void change_somewhere(Json& json) {
    for (std::uint64_t times = one_of(1, 1, 1, 2, 3); times > 0; --times) {
      if (!json.is_structured() || json.empty()) return;
      const std::uint64_t way = below(8);
      if (way == 0) return remove_one(json);
      if (way == 1) return exchange_two(json);
      Json& value = somewhere(json);
      value = edge(value);
      note("= " + value.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 60));
    }
  }

  void remove_one(Json& json) {
    auto child = json.begin();
    std::advance(child, below(json.size()));
    if (json.is_object()) note("without " + child.key());
    if (child->is_structured() && !child->empty() && below(2) == 0) return remove_one(*child);
    json.erase(child);
  }

  void exchange_two(Json& json) {
    Json &one = somewhere(json), copy = one, &other = somewhere(json);
    const Json second = other;
    other = copy;
    // `one` may have been inside `other`, and be gone.
    if (below(2) == 0 && !copy.is_structured() && !second.is_structured()) one = second;
  }

  Json edge(const Json& old) {
    const bool small = old.is_number_unsigned() && old.get<std::uint64_t>() < (1ULL << 40);
    const std::int64_t number = small ? old.get<std::int64_t>() : 7;
    const Json edges[] = {nullptr,
                          true,
                          false,
                          0,
                          1,
                          2,
                          3,
                          -1,
                          number + 1,
                          number - 1,
                          number * 2,
                          number / 2,
                          number + 128,
                          1 << 16,
                          (1 << 24) - 1,
                          1 << 24,
                          (1 << 24) + 1,
                          std::int64_t{1} << 31,
                          std::int64_t{1} << 32,
                          1'000'000'000'000,
                          std::numeric_limits<std::int64_t>::max(),
                          std::numeric_limits<std::uint64_t>::max(),
                          0.0,
                          -0.0,
                          0.5,
                          1e-45,
                          1e-310,
                          1e30,
                          3.5e38,
                          1e308,
                          -2.5,
                          "",
                          "1",
                          "yarn",
                          std::string("a\0b", 3),
                          std::string(5000, 'x'),
                          "../../etc/passwd",
                          Json::array(),
                          Json::object(),
                          Json::array({old}),
                          Json{{"type", old}},
                          Json::array({old, old, old}),
                          Json::parse(std::string(63, '[') + std::string(63, ']'))};
    return edges[below(std::size(edges))];
  }

  void rope(Json& json) {
    Json scaling = {{one_of("rope_type", "type"),
                     one_of("default", "linear", "dynamic", "yarn", "longrope", "llama3", "mrope", "su", "none", "")}};
    for (const char* key : {"factor", "original_max_position_embeddings", "beta_fast", "beta_slow", "mscale",
                            "mscale_all_dim", "attention_factor", "low_freq_factor", "high_freq_factor", "rope_theta",
                            "long_factor", "short_factor", "truncate", "mrope_section", "partial_rotary_factor"}) {
      if (below(3) == 0) scaling[key] = below(2) == 0 ? Json(one_of(1.0, 2.0, 8.0, 40.0, 0.707)) : edge(64);
    }
    if (below(4) == 0) json["rope_theta"] = edge(10000);
    if (below(2) == 0) json.erase("rope_parameters");
    json[one_of("rope_parameters", "rope_scaling")] = scaling;
    note(scaling.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 300));
  }

  // The header of a safetensors file.

  Json::iterator tensor(Json& header) {
    auto entry = header.begin();
    do {
      entry = header.begin();
      std::advance(entry, below(header.size()));
    } while (entry.key() == "__metadata__");
    note(entry.key());
    return entry;
  }

  std::uint64_t edge_number(std::uint64_t old) {
    const std::uint64_t top = std::numeric_limits<std::uint64_t>::max(), size = bytes_of(weights_file).size();
    const std::uint64_t edges[] = {0,
                                   1,
                                   2,
                                   old + 1,
                                   old - 1,
                                   old * 2,
                                   old / 2,
                                   old + 4,
                                   1ULL << 31,
                                   1ULL << 32,
                                   1'000'000'000'000,
                                   1ULL << 61,
                                   top,
                                   1ULL << 63,
                                   top - 3,
                                   (1ULL << 62) + 16,
                                   size,
                                   size - old};
    return edges[below(std::size(edges))];
  }

  void header_number(Json& header) {
    for (std::uint64_t times = 1 + below(2); times > 0; --times) {
      Json& list = tensor(header).value()[one_of("shape", "data_offsets")];
      Json& number = list[below(list.size())];
      const std::uint64_t edge = edge_number(number.get<std::uint64_t>());
      number = below(8) == 0 ? this->edge(number) : Json(edge);
      note("= " + std::to_string(edge));
    }
  }

  void header_entry(Json& header) {
    const auto entry = tensor(header), other = tensor(header);
    const std::string name = entry.key();
    Json& value = entry.value();
    switch (below(12)) {
      case 0:
        value["dtype"] = one_of("F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "F64", "I8", "U8", "BOOL", "F4", "f32", "");
        break;
      case 1:
        value.erase(one_of("dtype", "shape", "data_offsets"));
        break;
      case 2:
        header.erase(name);
        break;
      case 3:
        value = other.value();  // two tensors in one place
        break;
      case 4:
        std::swap(value, other.value());
        break;
      case 5:
        std::swap(value["shape"], other.value()["shape"]);
        break;
      case 6:
        std::ranges::reverse(value["shape"]);
        break;
      case 7:
        reshape(value["shape"]);
        break;
      case 8:
        rename(header, name, other.key());
        break;
      case 9:
        rename(header, name, other.key(), true);
        break;
      case 10:
        retype(value);
        break;
      default:
        crowd(header, value);
        break;
    }
  }

  void reshape(Json& shape) {
    std::uint64_t elements = 1;
    for (const Json& dimension : shape) elements *= dimension.get<std::uint64_t>();
    const Json shapes[] = {Json::array({elements}),        Json::array(),
                           Json::array({1, 1, elements}),  Json::array({elements, 1}),
                           Json::array({elements / 2, 2}), Json::array({2, elements / 2}),
                           Json::array({1, elements})};
    shape = shapes[below(std::size(shapes))];
  }

  /// Another type of a size that fits.
  void retype(Json& value) {
    const bool wide = value["dtype"] == "F32";
    value["dtype"] = wide ? one_of("I32", "U32") : one_of("F16", "BF16", "I16");
    if (below(2) == 0) return;
    value["dtype"] = "F8_E4M3";
    Json& last = value["shape"].back();
    last = last.get<std::uint64_t>() * (wide ? 4 : 2);
  }

  std::string new_name(const std::string& name, const std::string& other) {
    const std::string names[] = {name + "_scale_inv",
                                 name.starts_with("model.") ? name.substr(6) : "model." + name,
                                 "model.layers.0.mlp.experts.0.up_proj.weight",
                                 "model.layers.0.mlp.experts.999999.up_proj.weight",
                                 "model.layers.1.mlp.gate.e_score_correction_bias",
                                 "model.layers.2.eh_proj.weight",
                                 "model.layers.1.eh_proj.weight",
                                 "model.layers.00.input_layernorm.weight",
                                 "model.layers.16777217.input_layernorm.weight",
                                 "model.layers.1.self_attn.rotary_emb.inv_freq",
                                 "model.layers.0.self_attn.q_norm.weight",
                                 "lm_head.weight",
                                 "vision.blocks.0.weight",
                                 "." + name,
                                 name + ".weight",
                                 std::string(1500, 'n'),
                                 other,
                                 ""};
    const std::string& made = names[below(std::size(names))];
    note("as " + made.substr(0, 60));
    return made;
  }
  // Names and values by copy: what is inserted or erased moves what is there.
  void rename(Json& header, std::string name, std::string other, bool keep = false) {
    const Json value = header[name];
    if (!keep) header.erase(name);
    header[new_name(name, other)] = value;
  }
  void crowd(Json& header, Json value) {
    for (int i = one_of(100, 3000); i > 0; --i) header["model.layers." + std::to_string(i) + ".x"] = value;
  }

  void header_bytes() {
    std::string& file = bytes_of(weights_file);
    SafetensorsParts parts(file);
    switch (below(6)) {
      case 0: {
        const std::uint64_t length = edge_number(parts.header.size());
        file.replace(0, sizeof length, reinterpret_cast<const char*>(&length), sizeof length);
        return note("length " + std::to_string(length));
      }
      case 1:  // where the data begins at any address
        parts.header += std::string(1 + below(64), ' ');
        break;
      case 2:  // the same tensor twice, as text
        parts.header.insert(1, parts.header.substr(1, parts.header.find("]}") + 1) + ",");
        break;
      case 3:
        parts.header = parts.header.substr(0, below(parts.header.size()));
        break;
      case 4:
        parts.header = std::string(one_of(10, 100'000), one_of('[', '{', ' ', '"', '\0'));
        break;
      default:
        random_bytes(parts.header);
        break;
    }
    file = parts.bytes();
  }

  // Files.

  void index() {
    out_.folder.divide();
    if (below(6) == 0) return files();
    edit(index_file, [&](Json& json) {
      Json& map = json["weight_map"];
      auto entry = map.begin();
      std::advance(entry, below(map.size()));
      note(entry.key());
      const Json place = entry.value();
      switch (below(7)) {
        case 0:
          entry.value() = ModelFolder::shard(place == ModelFolder::shard(0) ? 1 : 0);
          break;
        case 1:
          entry.value() = one_of("", ".", "..", "config.json", "model-00003-of-00002.safetensors", "/etc/passwd",
                                 "../model.safetensors", "a/b.safetensors", "model.safetensors.index.json");
          break;
        case 2:
          map["model.layers.7.more.weight"] = place;
          break;
        case 3:
          map.erase(entry);
          break;
        case 4:
          for (int i = 0; i < 5000; ++i) map["t" + std::to_string(i)] = std::to_string(i) + ".safetensors";
          break;
        default:
          change_somewhere(json);
          break;
      }
    });
  }

  void files() {
    const std::string file = any_file();
    std::string& bytes = bytes_of(file);
    switch (below(7)) {
      case 0:
        note("missing");
        out_.folder.files.erase(file);
        break;
      case 1:
        bytes.clear();
        break;
      case 2:
        bytes.resize(below(bytes.size() + 1));
        break;
      case 3:
        bytes.resize(bytes.size() - std::min<std::size_t>(bytes.size(), 1 + below(40)));
        break;
      case 4:
        bytes += std::string(1 + below(20), one_of('\0', ' ', '}'));
        break;
      case 5:
        bytes = std::string(bytes_of(any_file()));
        break;
      default:
        bytes = one_of("version https://git-lfs.github.com/spec/v1\n", "null", "{}", "[]", "\xEF\xBB\xBF{}", "<html>");
        break;
    }
  }

  /// The bytes of one or all tensors of a kind.
  void weights() {
    SafetensorsParts parts(bytes_of(weights_file));
    const Json header = Json::parse(parts.header);
    const std::string kind = one_of("_scale_inv", "e_score_correction_bias", "norm.weight", "mlp.gate.weight",
                                    "down_proj.weight", "embed_tokens.weight", "");
    const char fill[] = {'\x7F', '\xFF', '\x00', '\x80', '\x7E', '\x01'};
    const int byte = fill[below(sizeof fill)];
    note("bytes " + std::to_string(byte) + " in *" + kind);
    for (const auto& [name, entry] : header.items()) {
      if (name == "__metadata__" || !name.ends_with(kind) || below(2) == 0) continue;
      const auto begin = entry["data_offsets"][0].get<std::size_t>(), end = entry["data_offsets"][1].get<std::size_t>();
      const std::size_t first = below(2) == 0 ? begin : begin + below(end - begin);
      for (std::size_t i = first; i < end; ++i) {
        parts.data[i] = below(3) == 0 ? static_cast<char>(random_()) : static_cast<char>(byte);
      }
    }
    bytes_of(weights_file) = parts.bytes();
  }

  void tokenizer() {
    switch (below(8)) {
      case 0:
        bytes_of("tokenizer_config.json") = R"({"bos_token":"<|im_start|>","chat_template":"{% for m in messages %}"})";
        return edit("tokenizer_config.json", [&](Json& json) { change_somewhere(json); });
      case 1:
        return edit("generation_config.json", [&](Json& json) { change_somewhere(json); });
      case 2:
        bytes_of("chat_template.jinja") = "{% for m in messages %}{{ m.content }}{% endfor %}";
        return random_bytes(bytes_of("chat_template.jinja"));
      case 3:
        return random_bytes(bytes_of("tokenizer.json"));
      default:
        return edit("tokenizer.json", [&](Json& json) { change_somewhere(json); });
    }
  }

  void random_bytes(std::string& text) {
    if (text.empty()) return;
    const std::uint64_t length = std::min<std::uint64_t>(1 + below(12), text.size());
    const std::uint64_t at = below(text.size() - length + 1);
    for (std::uint64_t i = 0; i < length; ++i) text[at + i] = static_cast<char>(random_());
    note(std::to_string(length) + " random bytes at byte " + std::to_string(at));
  }

  std::mt19937_64 random_;
  MutatedFolder out_;
};

}  // namespace

MutatedFolder mutate(const ModelFolder& folder, FolderMutation mutation, std::uint64_t seed) {
  return FolderMutator(folder, seed).run(mutation);
}

}  // namespace hadal::test
