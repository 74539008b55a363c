#include "models/huggingface/token_list.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "text/sentence_piece.h"
#include "text/vocabulary.h"

namespace hadal::huggingface {
namespace {

using Json = nlohmann::json;

// Values of tokenizer.ggml.token_type (llama.cpp, llama_token_type).
constexpr std::int32_t normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6;

class Reader {
 public:
  Reader(const Json& tokenizer, const Preparation& preparation) : tokenizer_(tokenizer), preparation_(preparation) {}

  Result<TokenList> run(std::uint32_t vocab_size) {
    if (vocab_size > Vocabulary::max_tokens) {
      return invalid(concat("vocab_size in config.json is ", vocab_size, "; at most ", Vocabulary::max_tokens,
                            " tokens are supported."));
    }
    for (const auto step : {&Reader::read_model, &Reader::read_vocabulary, &Reader::read_added, &Reader::read_merges}) {
      if (auto done = (this->*step)(); !done) return done.error();
    }
    const std::size_t own = out_.tokens.size();
    if (own > vocab_size) {
      return invalid(concat("there are ", own, " tokens, but vocab_size in config.json is ", vocab_size, "."));
    }
    grow(vocab_size);
    for (std::size_t id = 0; id < out_.tokens.size(); ++id) {
      if (out_.types[id] == unused) out_.tokens[id] = concat("[PAD", id, "]");
    }
    return std::move(out_);
  }

 private:
  static Error invalid(std::string_view sentence) { return {ErrorCode::invalid_file, std::string(sentence)}; }
  static Error unsupported(std::string_view sentence) { return {ErrorCode::unsupported, std::string(sentence)}; }

  /// Whether a key of the model says something.
  bool says(const char* key) const {
    const auto found = model_->find(key);
    return found != model_->end() && !found->is_null() && *found != "" && *found != false && *found != 0.0;
  }

  Result<void> read_model() {
    const auto model = tokenizer_.find("model");
    if (model == tokenizer_.end() || !model->is_object()) return invalid("there is no model.");
    model_ = &*model;
    const auto type = model->find("type");
    const std::string kind = type != model->end() && type->is_string() ? type->get<std::string>()
                             : model->contains("merges")               ? "BPE"
                                                                       : "";
    if (kind != "BPE") {
      return unsupported(concat("model.type is \"", printable(kind), "\"; BPE is the only one this version reads."));
    }
    for (const char* key : {"dropout", "continuing_subword_prefix", "end_of_word_suffix"}) {
      if (says(key)) return unsupported(concat("model.", key, " is set, which this version of Hadal does not know."));
    }
    out_.whole_pieces_first = says("ignore_merges");
    if (out_.whole_pieces_first && !preparation_.byte_level) {
      return unsupported("model.ignore_merges is set for tokens that are not spelled as bytes.");
    }
    return {};
  }

  void grow(std::size_t size) {
    if (out_.tokens.size() >= size) return;
    out_.tokens.resize(size);
    out_.types.resize(size, unused);
  }

  Result<void> place(const std::string& token, const Json& id, std::string_view where, std::int32_t type) {
    const bool fits = id.is_number_unsigned() && id.get<std::uint64_t>() < Vocabulary::max_tokens;
    if (!fits) {
      return invalid(concat(where, ": token \"", printable(token), "\" has the id ", printable(id.dump(), 32),
                            "; 0 to ", Vocabulary::max_tokens - 1, " are supported."));
    }
    const auto at = id.get<std::size_t>();
    grow(at + 1);
    if (out_.types[at] != unused && out_.tokens[at] != token) {
      return invalid(concat(where, ": tokens \"", printable(out_.tokens[at]), "\" and \"", printable(token),
                            "\" have both the id ", at, "."));
    }
    out_.tokens[at] = token;
    out_.types[at] = type;
    out_.ids.emplace(token, static_cast<std::int32_t>(at));
    return {};
  }

  Result<void> read_vocabulary() {
    const auto vocabulary = model_->find("vocab");
    if (vocabulary == model_->end() || !vocabulary->is_object()) return invalid("there is no model.vocab.");
    const bool bytes = says("byte_fallback");
    const auto unknown_token = model_->find("unk_token");
    for (const auto& [token, id] : vocabulary->items()) {
      const bool is_unknown = unknown_token != model_->end() && *unknown_token == token;
      const bool is_byte = !preparation_.byte_level && bytes && sentence_piece_byte(token);
      const std::int32_t type = is_byte ? byte : is_unknown && !preparation_.byte_level ? unknown : normal;
      if (auto done = place(token, id, "model.vocab", type); !done) return done;
      if (is_unknown) out_.unknown = out_.ids[token];
    }
    return {};
  }

  Result<void> read_added() {
    const auto added = tokenizer_.find("added_tokens");
    if (added == tokenizer_.end() || added->is_null()) return {};
    if (!added->is_array()) return invalid("added_tokens is no list.");
    for (const Json& one : *added) {
      const auto content = one.is_object() ? one.find("content") : one.end();
      if (!one.is_object() || content == one.end() || !content->is_string() || !one.contains("id")) {
        return invalid("added_tokens has an element without content and id.");
      }
      if (auto done = add(one, content->get<std::string>()); !done) return done;
    }
    return {};
  }

  Result<void> add(const Json& one, const std::string& token) {
    const auto flag = [&](const char* key) {
      const auto found = one.find(key);
      return found != one.end() && found->is_boolean() && found->get<bool>();
    };
    if (flag("single_word")) {
      return unsupported(concat("added_tokens: \"", printable(token),
                                "\" is to be found as a word of its own only "
                                "(single_word), which this version of Hadal does not know."));
    }
    const bool known = out_.ids.contains(token);
    const bool is_unknown = known && !preparation_.byte_level && out_.ids[token] == out_.unknown;
    const std::int32_t type = is_unknown ? unknown : flag("special") ? control : user_defined;
    if (auto done = place(token, one["id"], "added_tokens", type); !done) return done;
    if (known && Json(out_.ids[token]) != one["id"]) {
      return invalid(concat("added_tokens gives \"", printable(token), "\" another id than model.vocab."));
    }
    if (flag("lstrip")) out_.strips_left.push_back(out_.ids[token]);
    if (flag("rstrip")) out_.strips_right.push_back(out_.ids[token]);
    return {};
  }

  Result<void> read_merges() {
    const auto merges = model_->find("merges");
    if (merges == model_->end() || !merges->is_array()) return invalid("there are no model.merges.");
    out_.merges.reserve(merges->size());
    for (const Json& merge : *merges) {
      const auto wrong = [&] {
        return invalid(concat("model.merges: element ", out_.merges.size(), ", ",
                              printable(merge.dump(-1, ' ', false, Json::error_handler_t::replace), 64),
                              ", is no pair of tokens."));
      };
      if (merge.is_string()) {
        out_.merges.push_back(merge.get<std::string>());
        continue;
      }
      if (!merge.is_array() || merge.size() != 2 || !merge[0].is_string() || !merge[1].is_string()) return wrong();
      const auto left = merge[0].get<std::string>(), right = merge[1].get<std::string>();
      // GGUF's form of a merge has a space between; neither way to spell tokens leaves one inside.
      if (left.find(' ') != std::string::npos || right.find(' ') != std::string::npos) return wrong();
      out_.merges.push_back(concat(left, " ", right));
    }
    return {};
  }

  const Json& tokenizer_;
  const Preparation& preparation_;
  const Json* model_ = nullptr;
  TokenList out_;
};

}  // namespace

Result<TokenList> read_tokens(const Json& tokenizer, const Preparation& preparation, std::uint32_t vocab_size) {
  return Reader(tokenizer, preparation).run(vocab_size);
}

}  // namespace hadal::huggingface
