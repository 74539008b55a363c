#include "tools/synth/fill.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <vector>

#include "tensor/random_blocks.h"

namespace hadal::tools {
namespace {

/// Bytes of a piece: each has a key of its own, so that the threads can share a tensor in any way. Fits a core's cache.
constexpr std::uint64_t kPiece = std::uint64_t{1} << 20;
/// Pieces between two looks at the caller's wishes: some 50 ms.
constexpr std::int64_t kPiecesPerRound = 64;

constexpr float kNormDeviation = 0.1F;
constexpr float kBiasDeviation = 0.05F;

struct Piece {
  std::size_t tensor;
  std::uint64_t offset;
  std::uint64_t bytes;
};

/// FNV-1a (Fowler, Noll, Vo)
std::uint64_t hash(std::string_view text) {
  std::uint64_t out = 0xCBF29CE484222325ULL;
  for (const char c : text) out = (out ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return out;
}

float variance_of(const RandomTensor& random) {
  if (random.kind == RandomTensor::Kind::norm) return kNormDeviation * kNormDeviation;
  if (random.kind == RandomTensor::Kind::bias) return kBiasDeviation * kBiasDeviation;
  return random.variance;
}

/// The pieces of all tensors, in the order of the file.
std::vector<Piece> cut(std::span<const GgufTensorPlan> plan) {
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const std::uint64_t whole = kPiece - kPiece % dtype_traits(plan[i].type).block_bytes;
    for (std::uint64_t at = 0; at < plan[i].bytes; at += whole) {
      pieces.push_back({i, at, std::min(whole, plan[i].bytes - at)});
    }
  }
  return pieces;
}

class Filler {
 public:
  Filler(GgufWriter& writer, std::span<const ShapedTensor> tensors, std::uint64_t seed, int threads)
      : writer_(writer), tensors_(tensors), seed_(seed), buffers_(static_cast<std::size_t>(threads)) {
    const auto plan = writer.plan().tensors();
    for (std::size_t i = 0; i < plan.size(); ++i) {
      const Source source{plan[i].type, variance_of(tensors[i].random)};
      blocks_.push_back(&made_.try_emplace(source, source.first, source.second).first->second);
    }
  }

  void fill(const Piece& piece, int thread) {
    std::vector<std::byte>& buffer = buffers_[static_cast<std::size_t>(thread)];
    if (buffer.empty()) buffer.resize(kPiece);
    const auto bytes = std::span(buffer).first(piece.bytes);
    const ShapedTensor& tensor = tensors_[piece.tensor];
    blocks_[piece.tensor]->fill(mixed_key(mixed_key(seed_, hash(tensor.name)), piece.offset + 1), bytes);
    if (tensor.random.kind == RandomTensor::Kind::norm) centre_on_one(bytes);
    if (auto written = writer_.write(piece.tensor, piece.offset, bytes); !written) {
      const std::lock_guard lock(mutex_);
      if (result_) result_ = written.error();
    }
  }

  const Result<void>& result() const { return result_; }

 private:
  using Source = std::pair<DType, float>;  ///< Type and variance.

  /// Norms are float32.
  static void centre_on_one(std::span<std::byte> bytes) {
    for (std::size_t at = 0; at < bytes.size(); at += sizeof(float)) {
      float value;
      std::memcpy(&value, bytes.data() + at, sizeof value);
      value += 1.0F;
      std::memcpy(bytes.data() + at, &value, sizeof value);
    }
  }

  GgufWriter& writer_;
  std::span<const ShapedTensor> tensors_;
  std::uint64_t seed_;
  std::map<Source, RandomBlocks> made_;
  std::vector<const RandomBlocks*> blocks_;  ///< Of each tensor.
  std::vector<std::vector<std::byte>> buffers_;
  std::mutex mutex_;
  Result<void> result_;
};

}  // namespace

Result<void> fill_tensors(GgufWriter& writer, std::span<const ShapedTensor> tensors, std::uint64_t seed,
                          ComputePool& pool, const std::function<bool(std::uint64_t)>& report) {
  const std::vector<Piece> pieces = cut(writer.plan().tensors());
  Filler filler(writer, tensors, seed, pool.threads());
  for (std::size_t first = 0; first < pieces.size(); first += kPiecesPerRound) {
    const auto count = std::min<std::int64_t>(kPiecesPerRound, static_cast<std::int64_t>(pieces.size() - first));
    pool.for_range(count, 1, [&](std::int64_t begin, std::int64_t end, int thread) {
      for (std::int64_t i = begin; i < end; ++i) filler.fill(pieces[first + static_cast<std::size_t>(i)], thread);
    });
    if (!filler.result()) return filler.result();
    if (!report(writer.written())) return Error{ErrorCode::cancelled, "Stopped; nothing was kept."};
  }
  return {};
}

}  // namespace hadal::tools
