#include "ops/operation_log.h"

#include <algorithm>

namespace hadal::ops {

void OperationLog::add(const OperationWork& work, double seconds) {
  Entry wanted{.operation = work.operation, .matrices = work.matrices};
  if (work.w) {
    wanted.type = work.w->type;
    wanted.rows = work.w->rows;
    wanted.cols = work.w->cols;
  }
  auto found = std::ranges::find_if(entries_, [&](const Entry& entry) {
    return entry.operation == wanted.operation && entry.type == wanted.type && entry.rows == wanted.rows &&
           entry.cols == wanted.cols && entry.matrices == wanted.matrices;
  });
  if (found == entries_.end()) found = entries_.insert(found, wanted);
  ++found->calls;
  found->bytes += work.bytes;
  found->arithmetic += work.arithmetic;
  found->seconds += seconds;
}

}  // namespace hadal::ops
