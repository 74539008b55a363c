#include "models/quantise_model.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <string_view>

#include "base/text.h"
#include "models/registry.h"
#include "ops/quantise/quantise.h"
#include "tensor/dequantise.h"

namespace hadal {
namespace {

/// Floats in memory at once: 16 MiB, and at least one row.
constexpr std::int64_t kPieceElements = std::int64_t{1} << 22;

/// GGUF's version of the block layouts, for general.quantization_version.
constexpr std::uint32_t kQuantisationVersion = 2;

/// Tensors of whole numbers and the like go over as they are.
bool is_float(DType type) {
  const auto number = static_cast<std::uint32_t>(type);
  const bool whole =
      number >= static_cast<std::uint32_t>(DType::i8) && number <= static_cast<std::uint32_t>(DType::f64);
  return !whole;
}

/// Keys that speak of the source's types, of its order of rows, or of files it was split into.
bool superseded(std::string_view key) {
  return key == "general.file_type" || key.ends_with(".rope.pairs") || key == "general.quantization_version" ||
         key == "general.alignment" || key.starts_with("split.") || key.starts_with("quantize.imatrix.");
}

/// Of a tensor of many experts.
std::int64_t matrices_of(const CheckpointTensor& tensor) {
  return static_cast<std::int64_t>(tensor.elements / (tensor.shape[0] * tensor.shape[1]));
}

/// The part whose type cannot be read; null if there is none.
const CheckpointTensor* unreadable(const StackedTensor& tensor) {
  const auto found = std::ranges::find_if(tensor.parts, [&](const CheckpointTensor* part) {
    const bool whole = !is_float(part->type) && tensor.parts.size() == 1;
    return !whole && !dtype_traits(part->type).computable;
  });
  return found == tensor.parts.end() ? nullptr : *found;
}

/// Files of single tensors, without a model's keys, can be quantised too.
bool describes_a_model(const Checkpoint& source) {
  const auto architecture = source.string_or("general.architecture", "");
  return architecture && source.has(concat(*architecture, ".embedding_length"));
}

std::int64_t layers_of(const Checkpoint& source) {
  const auto architecture = source.string_or("general.architecture", "");
  const auto layers = architecture ? source.u32_or(concat(*architecture, ".block_count"), 0) : Result<std::uint32_t>(0);
  return layers ? *layers : 0;
}

/// Where the elements of q and k come from whose halves turn together in the source, as "<architecture>.rope.pairs"
/// says, and which GGUF files of the architecture have as neighbours.
class RopeOrder {
 public:
  RopeOrder(const Checkpoint& source, std::string_view tensor) {
    const auto architecture = source.string_or("general.architecture", "");
    if (!architecture || !source.has(concat(*architecture, ".rope.pairs"))) return;
    const bool turns =
        tensor.find(".attn_q.") != std::string_view::npos || tensor.find(".attn_k.") != std::string_view::npos;
    const auto head = source.u32_or(concat(*architecture, ".attention.key_length"), 0);
    if (turns && head) half_ = *head / 2;
  }
  bool changes() const { return half_ > 0; }
  /// The source's row for row `to` of the file.
  std::int64_t from(std::int64_t to) const {
    if (!changes()) return to;
    const std::int64_t head = to / (2 * half_), at = to % (2 * half_);
    return head * 2 * half_ + at % 2 * half_ + at / 2;
  }

 private:
  std::int64_t half_ = 0;  ///< Of a head's elements; 0: nothing changes its place.
};

/// Rows [first, first + count) of the file's tensor as float32.
void read_rows(const ops::Context& context, const CheckpointTensor& tensor, const RopeOrder& order, std::int64_t first,
               std::int64_t count, float* out) {
  const WeightView w{tensor.data.data(), tensor.rows(), tensor.columns(), tensor.type, tensor.scales.data()};
  context.pool.for_range(count, 1, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t row = begin; row < end; ++row) {
      const bool whole = w.rows > 1;
      float* to = out + row * w.cols;
      dequantise_row(w, whole ? order.from(first + row) : first + row, to);
      if (whole || !order.changes()) continue;
      // A bias: its elements are the rows.
      const std::vector<float> plain(to, to + w.cols);
      for (std::int64_t i = 0; i < w.cols; ++i) to[i] = plain[static_cast<std::size_t>(order.from(i))];
    }
  });
}

}  // namespace

Result<ModelQuantiser> ModelQuantiser::plan(const Checkpoint& source, QuantisationMix mix,
                                            const ImportanceMatrix* importance) {
  // What cannot be loaded now could not be either once it has fewer bits.
  if (describes_a_model(source)) {
    if (const auto loaded = load_decoder(source); !loaded) return loaded.error();
  }
  ModelQuantiser out(source, importance);
  out.copy_metadata(mix);
  const MixModel model{layers_of(source), source.find_tensor("output.weight") == nullptr};
  auto tensors = stacked_tensors(source);
  if (!tensors) return tensors.error();
  for (StackedTensor& tensor : *tensors) {
    if (const CheckpointTensor* part = unreadable(tensor)) {
      return source.error(ErrorCode::unsupported, concat("tensor ", printable(part->name), " is of type ",
                                                         dtype_traits(part->type).name, ", which cannot be read."));
    }
    const DType own = tensor.parts.front()->type;
    TensorQuantisation work{std::move(tensor), {own, own}, false};
    const StackedTensor& stacked = work.tensor;
    if (is_float(own)) {
      work.choice = choose_type(mix, model, {stacked.name, stacked.shape});
      work.weighed = importance != nullptr &&
                     importance->importance(stacked.name, stacked.columns(), stacked.matrices()).has_value();
    }
    out.plan_.tensor(stacked.name, work.choice.type, stacked.shape);
    out.source_bytes_ += stacked.bytes();
    out.elements_ += stacked.elements();
    out.tensors_.push_back(std::move(work));
  }
  if (!out.plan_.result()) return out.plan_.result().error();
  out.file_bytes_ = out.plan_.file_bytes();
  return out;
}

void ModelQuantiser::copy_metadata(QuantisationMix mix) {
  for (const std::string_view key : source_.keys()) {
    if (!superseded(key)) plan_.copy(key, *source_.value(key));
  }
  plan_.number("general.file_type", mix_traits(mix).file_type);
  plan_.number("general.quantization_version", kQuantisationVersion);
  if (importance_) {
    plan_.number("quantize.imatrix.entries_count", static_cast<std::int32_t>(importance_->entries().size()));
  }
}

Result<void> ModelQuantiser::write(const std::filesystem::path& path, const ops::Context& context,
                                   const Progress& progress) {
  auto writer = GgufWriter::create(path, std::move(plan_));
  if (!writer) return writer.error();
  std::uint64_t done = 0;
  for (const TensorQuantisation& work : tensors_) {
    if (auto written = write_tensor(*writer, context, work, done, progress); !written) return written;
    done += work.tensor.bytes();
  }
  return writer->finish();
}

Result<void> ModelQuantiser::write_tensor(GgufWriter& writer, const ops::Context& context,
                                          const TensorQuantisation& work, std::uint64_t done,
                                          const Progress& progress) const {
  const StackedTensor& tensor = work.tensor;
  if (!is_float(work.source_type())) return writer.append(tensor.parts.front()->data);
  const auto importance =
      work.weighed ? importance_->importance(tensor.name, tensor.columns(), tensor.matrices()) : std::nullopt;
  std::int64_t matrix = 0;
  for (const CheckpointTensor* part : tensor.parts) {
    const float* weights = importance ? importance->data() + matrix * tensor.columns() : nullptr;
    const auto tell = [&](std::uint64_t bytes) { return !progress || progress(done + bytes); };
    if (auto written = write_part(writer, context, *part, work.choice.type, weights, tell); !written) return written;
    matrix += matrices_of(*part);
    done += part->bytes();
  }
  return {};
}

/// `importance`: of the part's first matrix, then of the others; or null.
Result<void> ModelQuantiser::write_part(GgufWriter& writer, const ops::Context& context, const CheckpointTensor& part,
                                        DType type, const float* importance, const Progress& progress) const {
  const std::int64_t cols = part.columns(), rows = part.rows(), matrix_rows = rows / matrices_of(part);
  const std::int64_t row_bytes = WeightView{nullptr, rows, cols, type}.row_bytes();
  const std::int64_t most = std::clamp<std::int64_t>(kPieceElements / cols, 1, matrix_rows);
  std::vector<float> floats(static_cast<std::size_t>(most * cols));
  std::vector<std::byte> blocks(static_cast<std::size_t>(most * row_bytes));
  const RopeOrder order(source_, part.name);
  // A piece lies within one matrix, whose columns have one importance.
  for (std::int64_t row = 0, count = 0; row < rows; row += count) {
    count = std::min(most, matrix_rows - row % matrix_rows);
    read_rows(context, part, order, row, count, floats.data());
    const float* weights = importance != nullptr ? importance + row / matrix_rows * cols : nullptr;
    if (!ops::quantise(context, type, floats.data(), count, cols, weights, blocks.data())) {
      return source_.error(ErrorCode::invalid_file, concat("tensor ", printable(part.name),
                                                           " holds a weight that is no number, or too large for ",
                                                           dtype_traits(type).name, "."));
    }
    // What has its type already is not searched for again.
    const auto bytes = static_cast<std::size_t>(count * row_bytes);
    const auto piece = part.type == type && !order.changes()
                           ? part.data.subspan(static_cast<std::size_t>(row * row_bytes), bytes)
                           : std::span<const std::byte>(blocks).first(bytes);
    if (auto written = writer.append(piece); !written) return written;
    const auto share = static_cast<double>(row + count) / static_cast<double>(rows);
    if (!progress(static_cast<std::uint64_t>(share * static_cast<double>(part.bytes())))) {
      return Error{ErrorCode::cancelled, "Quantising was cancelled."};
    }
  }
  return {};
}

}  // namespace hadal
