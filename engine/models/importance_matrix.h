#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hadal/result.h"

namespace hadal {

/// How much the columns of a model's matrices count: the mean square of the activation each is multiplied with,
/// gathered while the model reads a text. Tensors of many experts have one matrix for each expert.
///
/// The file is GGUF as llama.cpp's tool of the same purpose writes it: general.type "imatrix", and for each tensor NAME
/// the sums of squares NAME.in_sum2 [columns, experts] and the numbers of activations NAME.counts [1, experts], F32.
class ImportanceMatrix {
 public:
  struct Entry {
    std::int64_t columns = 0;
    std::int64_t matrices = 1;
    std::vector<double> sums;    ///< [matrices, columns]: of squares
    std::vector<double> counts;  ///< [matrices]: activations
  };

  /// What a file tells of how it was made.
  struct Origin {
    std::string text;          ///< Name of the file that was read.
    std::uint32_t chunks = 0;  ///< Windows of it.
    std::uint32_t tokens = 0;  ///< Of a window.
  };

  static Result<ImportanceMatrix> read(const std::filesystem::path& path);
  /// Replaces the file in one step.
  Result<void> write(const std::filesystem::path& path, const Origin& origin) const;

  /// The squares of x [tokens, columns], which a tensor's matrix number `matrix` of `matrices` was multiplied with.
  void add(std::string_view tensor, std::int64_t columns, std::int64_t matrices, std::int64_t matrix, const float* x,
           std::int64_t tokens);

  const std::map<std::string, Entry, std::less<>>& entries() const { return entries_; }

  /// Fails where the tensor is there with other columns, or another number of experts, than the model's: the matrix is
  /// of another model. An unknown tensor passes, and so does one with a single matrix for all of the model's, as other
  /// programs gather it.
  Result<void> check(std::string_view tensor, std::int64_t columns, std::int64_t matrices) const;

  /// For ops::quantise, [matrices, columns], relative to the mean of each matrix. Nothing where the tensor is unknown
  /// or of another shape. An expert no token chose has the mean of the others; no column is quite without importance,
  /// as another text may use it.
  std::optional<std::vector<float>> importance(std::string_view tensor, std::int64_t columns,
                                               std::int64_t matrices) const;

 private:
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace hadal
