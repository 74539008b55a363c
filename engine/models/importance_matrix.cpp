#include "models/importance_matrix.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <span>

#include "base/text.h"
#include "formats/gguf.h"
#include "formats/gguf_writer.h"
#include "tensor/dequantise.h"

namespace hadal {
namespace {

constexpr std::string_view kSums = ".in_sum2", kCounts = ".counts";
constexpr std::string_view kType = "imatrix";

/// The least a column counts, in means of its matrix.
constexpr double kLeast = 1e-3;

Result<std::vector<double>> numbers_of(const Checkpoint& file, const CheckpointTensor& tensor) {
  if (tensor.type != DType::f32) {
    return file.error(ErrorCode::invalid_file, concat("tensor ", printable(tensor.name), " must be F32."));
  }
  std::vector<float> values(tensor.elements);
  dequantise_row(DType::f32, tensor.data.data(), static_cast<std::int64_t>(tensor.elements), values.data());
  if (!std::ranges::all_of(values, [](float x) { return x >= 0.0F && std::isfinite(x); })) {
    return file.error(ErrorCode::invalid_file,
                      concat("tensor ", printable(tensor.name), " holds something else than numbers from 0 up."));
  }
  return std::vector<double>(values.begin(), values.end());
}

Result<ImportanceMatrix::Entry> read_entry(const Checkpoint& file, const CheckpointTensor& sums,
                                           std::string_view name) {
  const auto counts = file.tensor(concat(name, kCounts));
  if (!counts) return counts.error();
  ImportanceMatrix::Entry entry;
  entry.columns = sums.columns();
  entry.matrices = sums.rows();
  auto squares = numbers_of(file, sums), activations = numbers_of(file, **counts);
  if (!squares) return squares.error();
  if (!activations) return activations.error();
  if (activations->size() != static_cast<std::size_t>(entry.matrices)) {
    return file.error(ErrorCode::invalid_file, concat("tensor ", printable(name), kCounts, " has ", activations->size(),
                                                      " numbers where ", kSums, " has ", entry.matrices, " rows."));
  }
  entry.sums = std::move(*squares);
  entry.counts = std::move(*activations);
  return entry;
}

std::vector<float> floats_of(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

/// Mean squares of one matrix over their own mean, which the error's weights only need up to a factor.
void write_importance(std::span<const double> sums, double count, float* out) {
  double mean = 0.0;
  for (const double sum : sums) mean += sum / count;
  mean /= static_cast<double>(sums.size());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    out[i] = mean > 0.0 ? static_cast<float>(std::max(sums[i] / count / mean, kLeast)) : 1.0F;
  }
}

bool begins_as_gguf(const std::filesystem::path& path) {
  char magic[4] = {};
  std::ifstream(path, std::ios::binary).read(magic, sizeof magic);
  return std::string_view(magic, sizeof magic) == "GGUF";
}

}  // namespace

Result<ImportanceMatrix> ImportanceMatrix::read(const std::filesystem::path& path) {
  const auto file = open_gguf(path);
  if (!file && file.error().code == ErrorCode::invalid_file && !begins_as_gguf(path)) {
    return Error{ErrorCode::invalid_file,
                 concat(printable(path.filename().string()),
                        ": this is no importance matrix, which is a GGUF file. hadal-engine imatrix makes one.")};
  }
  if (!file) return file.error();
  const auto type = file->string_or("general.type", "");
  if (!type) return type.error();
  if (*type != kType) {
    return file->error(ErrorCode::invalid_file,
                       "this is no importance matrix (metadata general.type is not \"imatrix\"). hadal-engine imatrix "
                       "makes one.");
  }
  ImportanceMatrix out;
  for (const CheckpointTensor& tensor : file->tensors()) {
    if (!tensor.name.ends_with(kSums)) continue;
    const std::string_view name = tensor.name.substr(0, tensor.name.size() - kSums.size());
    auto entry = read_entry(*file, tensor, name);
    if (!entry) return entry.error();
    out.entries_.emplace(name, std::move(*entry));
  }
  if (out.entries_.empty()) return file->error(ErrorCode::invalid_file, "there is no tensor with sums of squares.");
  return out;
}

Result<void> ImportanceMatrix::write(const std::filesystem::path& path, const Origin& origin) const {
  GgufPlan plan;
  plan.string("general.type", kType);
  const std::string_view datasets[] = {origin.text};
  plan.strings("imatrix.datasets", std::span<const std::string_view>(datasets));
  plan.number("imatrix.chunk_count", origin.chunks);
  plan.number("imatrix.chunk_size", origin.tokens);
  for (const auto& [name, entry] : entries_) {
    const auto matrices = static_cast<std::uint64_t>(entry.matrices);
    const std::uint64_t sums[] = {static_cast<std::uint64_t>(entry.columns), matrices}, counts[] = {1, matrices};
    plan.tensor(concat(name, kSums), DType::f32, sums);
    plan.tensor(concat(name, kCounts), DType::f32, counts);
  }
  auto writer = GgufWriter::create(path, std::move(plan));
  if (!writer) return writer.error();
  for (const auto& [name, entry] : entries_) {
    for (const auto& values : {floats_of(entry.sums), floats_of(entry.counts)}) {
      if (auto written = writer->append(std::as_bytes(std::span(values))); !written) return written;
    }
  }
  return writer->finish();
}

void ImportanceMatrix::add(std::string_view tensor, std::int64_t columns, std::int64_t matrices, std::int64_t matrix,
                           const float* x, std::int64_t tokens) {
  auto found = entries_.find(tensor);
  if (found == entries_.end()) {
    Entry entry{columns, matrices, std::vector<double>(static_cast<std::size_t>(columns * matrices)),
                std::vector<double>(static_cast<std::size_t>(matrices))};
    found = entries_.emplace(std::string(tensor), std::move(entry)).first;
  }
  Entry& entry = found->second;
  double* sums = entry.sums.data() + matrix * columns;
  for (std::int64_t t = 0; t < tokens; ++t) {
    const float* row = x + t * columns;
    for (std::int64_t i = 0; i < columns; ++i) sums[i] += static_cast<double>(row[i]) * static_cast<double>(row[i]);
  }
  entry.counts[static_cast<std::size_t>(matrix)] += static_cast<double>(tokens);
}

Result<void> ImportanceMatrix::check(std::string_view tensor, std::int64_t columns, std::int64_t matrices) const {
  const auto found = entries_.find(tensor);
  if (found == entries_.end()) return {};
  const Entry& entry = found->second;
  const auto another = [&](std::int64_t has, std::int64_t wanted, std::string_view what) {
    return Error{ErrorCode::invalid_argument,
                 concat("The importance matrix is of another model: its ", printable(tensor), " has ",
                        counted(static_cast<std::uint64_t>(has), what), ", the model's has ", wanted, ".")};
  };
  if (entry.columns != columns) return another(entry.columns, columns, "column");
  if (entry.matrices != matrices && entry.matrices > 1) return another(entry.matrices, matrices, "expert");
  return {};
}

std::optional<std::vector<float>> ImportanceMatrix::importance(std::string_view tensor, std::int64_t columns,
                                                               std::int64_t matrices) const {
  const auto found = entries_.find(tensor);
  if (found == entries_.end()) return std::nullopt;
  const Entry& entry = found->second;
  if (entry.columns != columns || entry.matrices != matrices) return std::nullopt;
  const auto width = static_cast<std::size_t>(columns);
  std::vector<double> together(width);
  double activations = 0.0;
  for (std::size_t m = 0; m < entry.counts.size(); ++m) {
    activations += entry.counts[m];
    for (std::size_t i = 0; i < width; ++i) together[i] += entry.sums[m * width + i];
  }
  if (activations <= 0.0) return std::nullopt;
  std::vector<float> out(width * entry.counts.size());
  for (std::size_t m = 0; m < entry.counts.size(); ++m) {
    const bool seen = entry.counts[m] > 0.0;
    const std::span<const double> sums = seen ? std::span(entry.sums).subspan(m * width, width) : std::span(together);
    write_importance(sums, seen ? entry.counts[m] : activations, out.data() + m * width);
  }
  return out;
}

}  // namespace hadal
