#include "runtime/operation_times.h"

#include <algorithm>

#include "base/text.h"
#include "tensor/dtype.h"

namespace hadal {
namespace {

ProductKind kind_of(DType type) {
  if (type == DType::bf16) return ProductKind::bf16;
  return dtype_traits(type).block_size > 1 ? ProductKind::int8 : ProductKind::float32;
}

OperationTime time_of(const ops::OperationLog::Entry& entry) {
  OperationTime time{.name = std::string(entry.operation),
                     .weights = entry.matrices > 0,
                     .calls = entry.calls,
                     .seconds = entry.seconds,
                     .bytes = entry.bytes,
                     .arithmetic = entry.arithmetic};
  if (!time.weights) return time;
  time.kind = kind_of(entry.type);
  time.name = concat(entry.operation, " ", dtype_traits(entry.type).name, " [", entry.rows, ", ", entry.cols, "]");
  if (entry.matrices > 1) time.name += concat(" x ", entry.matrices);
  return time;
}

}  // namespace

std::vector<OperationTime> times_of(const ops::OperationLog& log) {
  std::vector<OperationTime> times;
  for (const auto& entry : log.entries()) times.push_back(time_of(entry));
  std::ranges::sort(times, std::ranges::greater{}, &OperationTime::seconds);
  return times;
}

}  // namespace hadal
