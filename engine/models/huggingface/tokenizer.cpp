#include "models/huggingface/tokenizer.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/text.h"
#include "formats/json_file.h"
#include "models/huggingface/chat_template.h"
#include "models/huggingface/pre_tokenizer_json.h"
#include "models/huggingface/token_list.h"
#include "text/tokenizer_keys.h"

namespace hadal::huggingface {
namespace {

using Json = nlohmann::json;

// Published ones reach 33 MB; the parsed form takes some ten times as much.
constexpr std::uint64_t max_tokenizer_bytes = 128'000'000, max_config_bytes = 16'000'000;

class Adder {
 public:
  Adder(const std::filesystem::path& folder, const Json& config, CheckpointBuilder& out)
      : folder_(folder), config_(config), out_(out) {}

  Result<void> run(std::uint32_t vocab_size) {
    std::error_code ignored;
    if (!std::filesystem::exists(folder_ / "tokenizer.json", ignored)) {
      const bool pieces = std::filesystem::exists(folder_ / "tokenizer.model", ignored);
      return out_.so_far().error(ErrorCode::not_found,
                                 concat("the folder has no tokenizer.json, which says how text becomes tokens.",
                                        pieces ? " It has tokenizer.model, which this version does not read." : ""));
    }
    const auto tokenizer = read_json_object(folder_ / "tokenizer.json", max_tokenizer_bytes);
    if (!tokenizer) return told(tokenizer.error());
    const auto preparation = read_preparation(*tokenizer);
    if (!preparation) return told(preparation.error(), "tokenizer.json: ");
    const auto tokens = read_tokens(*tokenizer, *preparation, vocab_size);
    if (!tokens) return told(tokens.error(), "tokenizer.json: ");
    for (const auto& [name, into] : {std::pair{"tokenizer_config.json", &tokenizer_config_},
                                     std::pair{"generation_config.json", &generation_config_}}) {
      if (auto done = read_optional(name, *into); !done) return done;
    }
    write_tokens(*tokens, *preparation);
    if (auto done = write_special(*tokenizer, *tokens); !done) return done;
    if (auto done = write_ends(*tokenizer, *tokens); !done) return done;
    return add_chat_template(folder_, tokenizer_config_, out_);
  }

 private:
  Error told(const Error& error, std::string_view file = "") const {
    return out_.so_far().error(error.code, concat(file, error.message));
  }

  Result<void> read_optional(const char* name, Json& into) {
    into = Json::object();
    std::error_code ignored;
    if (!std::filesystem::exists(folder_ / name, ignored)) return {};
    auto read = read_json_object(folder_ / name, max_config_bytes);
    if (!read) return told(read.error());
    into = std::move(*read);
    return {};
  }

  void write_tokens(const TokenList& tokens, const Preparation& p) {
    out_.add_string("tokenizer.ggml.model", p.byte_level ? "gpt2" : "llama");
    if (p.byte_level) {
      const std::string name = published_name(p, tokens.whole_pieces_first);
      if (name.empty()) {
        out_.add_strings(tokenizer_keys::split_patterns, p.patterns);
        out_.add_strings(tokenizer_keys::split_behaviours, p.behaviours);
        out_.add_boolean(tokenizer_keys::whole_pieces_first, tokens.whole_pieces_first);
        out_.add_boolean(tokenizer_keys::composes, p.composes);
      } else {
        out_.add_string("tokenizer.ggml.pre", name);
      }
    } else {
      out_.add_boolean("tokenizer.ggml.add_space_prefix", !p.space_prefix.empty());
      if (!p.space_prefix.empty()) out_.add_string(tokenizer_keys::space_prefix, p.space_prefix);
      out_.add_boolean(tokenizer_keys::words_apart, p.words_apart);
    }
    out_.add_strings("tokenizer.ggml.tokens", tokens.tokens);
    out_.add_i32s("tokenizer.ggml.token_type", tokens.types);
    out_.add_strings("tokenizer.ggml.merges", tokens.merges);
    if (!tokens.strips_left.empty()) out_.add_i32s(tokenizer_keys::strips_left, tokens.strips_left);
    if (!tokens.strips_right.empty()) out_.add_i32s(tokenizer_keys::strips_right, tokens.strips_right);
  }

  /// The id of a special token as tokenizer_config.json names it, as text or as an object with its content.
  std::int32_t named(const char* key, const TokenList& tokens) const {
    const auto found = tokenizer_config_.find(key);
    if (found == tokenizer_config_.end()) return -1;
    const Json& value = found->is_object() && found->contains("content") ? (*found)["content"] : *found;
    return value.is_string() ? tokens.id(value.get<std::string>()) : -1;
  }

  /// The ids under a key, a number or a list of them; empty where there is none.
  Result<std::vector<std::int32_t>> ids(const Json& from, std::string_view file, const char* key,
                                        const TokenList& tokens) const {
    std::vector<std::int32_t> out;
    const auto found = from.find(key);
    if (found == from.end() || found->is_null()) return out;
    const Json list = found->is_array() ? *found : Json::array({*found});
    for (const Json& id : list) {
      // -1 stands for none in some files of old.
      if (id.is_number_integer() && id.get<std::int64_t>() == -1) continue;
      if (!id.is_number_unsigned() || id.get<std::uint64_t>() >= tokens.tokens.size()) {
        return out_.so_far().error(ErrorCode::invalid_file,
                                   concat(file, ": ", key, " names the token ", printable(id.dump(), 32),
                                          ", but there are ", tokens.tokens.size(), " tokens."));
      }
      out.push_back(id.get<std::int32_t>());
    }
    return out;
  }

  Result<void> write_special(const Json& tokenizer, const TokenList& tokens) {
    for (const auto& [name, key] : {std::pair{"bos", "bos"}, std::pair{"pad", "padding"}, std::pair{"sep", "seperator"},
                                    std::pair{"unk", "unknown"}}) {
      std::int32_t id = named(concat(name, "_token").c_str(), tokens);
      if (id < 0 && key == std::string_view("unknown")) id = tokens.unknown;
      if (id < 0 && key == std::string_view("bos")) id = first_of(surrounding(tokenizer, false), tokens);
      // config.json often names a token that the tokenizer does not have: only where nothing else speaks.
      if (id < 0 && tokenizer_config_.empty()) {
        const auto listed = ids(config_, "config.json", concat(name, "_token_id").c_str(), tokens);
        if (!listed) return listed.error();
        if (!listed->empty()) id = listed->front();
      }
      if (id >= 0) out_.add_u32(concat("tokenizer.ggml.", key, "_token_id"), static_cast<std::uint32_t>(id));
    }
    std::vector<std::int32_t> ends;
    for (const std::int32_t id : {named("eos_token", tokens), first_of(surrounding(tokenizer, true), tokens)}) {
      if (id >= 0) ends.push_back(id);
    }
    for (const auto& [from, file] : std::initializer_list<std::pair<const Json*, const char*>>{
             {&generation_config_, "generation_config.json"}, {&config_, "config.json"}}) {
      const auto listed = ids(*from, file, "eos_token_id", tokens);
      if (!listed) return listed.error();
      ends.insert(ends.end(), listed->begin(), listed->end());
    }
    if (ends.empty()) return {};
    out_.add_u32("tokenizer.ggml.eos_token_id", static_cast<std::uint32_t>(ends.front()));
    std::ranges::sort(ends);
    ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
    out_.add_i32s(tokenizer_keys::end_tokens, ends);
    return {};
  }

  /// The tokens that post_processor's template puts before or behind a text: their spellings.
  static std::vector<std::string> surrounding(const Json& tokenizer, bool behind) {
    const auto processor = tokenizer.find("post_processor");
    if (processor == tokenizer.end() || !processor->is_object()) return {};
    std::vector<Json> steps = {*processor};
    if (processor->contains("processors") && (*processor)["processors"].is_array()) {
      for (const Json& step : (*processor)["processors"]) steps.push_back(step);
    }
    std::vector<std::string> out;
    for (const Json& step : steps) {
      if (!step.is_object() || !step.contains("single") || !step["single"].is_array()) continue;
      bool seen = false;
      for (const Json& part : step["single"]) {
        if (!part.is_object()) continue;
        if (part.contains("Sequence")) seen = true;
        const auto special = part.find("SpecialToken");
        if (special == part.end() || !special->is_object() || seen != behind) continue;
        if (special->contains("id") && (*special)["id"].is_string()) out.push_back((*special)["id"].get<std::string>());
      }
    }
    return out;
  }

  static std::int32_t first_of(const std::vector<std::string>& spellings, const TokenList& tokens) {
    return spellings.empty() ? -1 : tokens.id(spellings.front());
  }

  Result<void> write_ends(const Json& tokenizer, const TokenList& tokens) {
    for (const auto& [side, behind] : {std::pair{"bos", false}, std::pair{"eos", true}}) {
      const auto around = surrounding(tokenizer, behind);
      bool adds = false;
      if (!around.empty()) {
        const std::string key = concat("tokenizer.ggml.", side, "_token_id");
        const std::int32_t id = first_of(around, tokens);
        const auto known = out_.so_far().u32(key);
        adds = around.size() == 1 && known && id >= 0 && *known == static_cast<std::uint32_t>(id);
        if (!adds) {
          return out_.so_far().error(
              ErrorCode::unsupported,
              concat("tokenizer.json: post_processor puts tokens around a text that are not its ",
                     "beginning and its end, which this version of Hadal does not know."));
        }
      }
      const auto said = tokenizer_config_.find(concat("add_", side, "_token"));
      if (said != tokenizer_config_.end() && said->is_boolean()) adds = said->get<bool>();
      out_.add_boolean(concat("tokenizer.ggml.add_", side, "_token"), adds);
    }
    return {};
  }

  const std::filesystem::path& folder_;
  const Json& config_;
  CheckpointBuilder& out_;
  Json tokenizer_config_, generation_config_;
};

}  // namespace

Result<void> add_tokenizer(const std::filesystem::path& folder, const Json& config, std::uint32_t vocab_size,
                           CheckpointBuilder& out) {
  return Adder(folder, config, out).run(vocab_size);
}

}  // namespace hadal::huggingface
