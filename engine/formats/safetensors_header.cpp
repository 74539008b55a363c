#include "formats/safetensors_header.h"

#include <nlohmann/json.hpp>
#include <unordered_set>

#include "base/text.h"

namespace hadal {
namespace {

// Limits of ours, far above any real file, so that a hostile header cannot outgrow its file in memory.
constexpr std::size_t max_tensors = std::size_t{1} << 20;
constexpr std::size_t max_name_bytes = 1024;
constexpr std::size_t max_dimensions = 8;

/// Follows the parser through {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...,
/// "__metadata__": {"key": "text"}} and stops it at the first thing that does not belong there: nothing is kept that
/// the format does not know, so depth and size stay bounded.
class HeaderReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return misplaced("null"); }
  bool boolean(bool) override { return misplaced("a boolean"); }
  bool number_integer(number_integer_t) override { return misplaced("a negative number"); }
  bool number_float(number_float_t, const string_t&) override { return misplaced("a number that is not whole"); }
  bool binary(binary_t&) override { return misplaced("binary data"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (list_ == nullptr) return misplaced("a number");
    if (list_->size() == max_dimensions) return stop(concat(where(), " has more than 8 elements."));
    list_->push_back(value);
    return true;
  }

  bool string(string_t& value) override {
    if (in_metadata_) return true;
    if (level_ != 2 || list_ != nullptr || field_ != "dtype") return misplaced("text");
    if (entry().type) return twice();
    entry().type = value;
    return true;
  }

  bool key(string_t& key) override {
    if (level_ == 1) return begin_entry(key);
    if (in_metadata_) return true;
    field_ = key;
    const bool known = field_ == "dtype" || field_ == "shape" || field_ == "data_offsets";
    return known || stop(concat(tensor(), " has the unknown field ", printable(key), "."));
  }

  bool start_object(std::size_t) override {
    const bool fits = level_ == 0 || (level_ == 1 && list_ == nullptr);
    if (!fits) return misplaced("an object");
    ++level_;
    return true;
  }
  bool end_object() override {
    --level_;
    in_metadata_ = false;
    return true;
  }

  bool start_array(std::size_t) override {
    if (level_ != 2 || in_metadata_ || list_ != nullptr || field_ == "dtype") return misplaced("a list");
    auto& target = field_ == "shape" ? entry().shape : entry().offsets;
    if (target) return twice();
    list_ = &target.emplace();
    return true;
  }
  bool end_array() override {
    list_ = nullptr;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) override {
    return stop(concat("the header is no JSON: it breaks off at its byte ", position, after(), "."));
  }

  const std::string& problem() const { return problem_; }
  std::vector<SafetensorsEntry> take() { return std::move(entries_); }

 private:
  bool begin_entry(const std::string& name) {
    if (!names_.insert(name).second) return stop(concat("tensor ", printable(name), " occurs twice in the header."));
    in_metadata_ = name == "__metadata__";
    if (in_metadata_) return true;
    if (name.empty()) return stop(concat("a tensor in the header has no name", after(), "."));
    if (name.size() > max_name_bytes) {
      return stop(concat("the name of tensor ", printable(name), " is ", name.size(), " bytes long; at most ",
                         max_name_bytes, " are allowed."));
    }
    if (entries_.size() == max_tensors) return stop(concat("the header has more than ", max_tensors, " tensors."));
    entries_.push_back({name, {}, {}, {}});
    field_.clear();
    return true;
  }

  SafetensorsEntry& entry() { return entries_.back(); }
  std::string tensor() const { return concat("tensor ", printable(entries_.back().name)); }
  std::string after() const { return entries_.empty() ? "" : concat(", after ", tensor()); }
  std::string where() const {
    if (in_metadata_) return "__metadata__ in the header";
    if (level_ < 2 || entries_.empty()) return "the header";
    return field_.empty() ? tensor() : concat(tensor(), ": ", field_);
  }
  bool stop(std::string sentence) {
    if (problem_.empty()) problem_ = std::move(sentence);
    return false;
  }
  bool twice() { return stop(concat(where(), " occurs twice.")); }
  bool misplaced(std::string_view what) {
    if (level_ == 0) return stop("the header is no JSON object.");
    if (level_ == 1 && !entries_.empty() && !in_metadata_) return stop(concat(tensor(), " is ", what, "."));
    return stop(concat(where(), " holds ", what, ", which does not belong there."));
  }

  int level_ = 0;  ///< Objects that are open.
  bool in_metadata_ = false;
  std::string field_;
  std::vector<std::uint64_t>* list_ = nullptr;  ///< That is being filled.
  std::vector<SafetensorsEntry> entries_;
  std::unordered_set<std::string> names_;
  std::string problem_;
};

}  // namespace

Result<std::vector<SafetensorsEntry>> read_safetensors_header(std::string_view json) {
  HeaderReader reader;
  if (nlohmann::json::sax_parse(json.begin(), json.end(), &reader)) return reader.take();
  return Error{ErrorCode::invalid_file, reader.problem()};
}

}  // namespace hadal
