#include "ops/matmul/matmul.h"

#include "ops/operation_log.h"

namespace hadal::ops {
namespace {

OperationWork work_of(std::span<const MatmulPart> parts, std::int64_t tokens) {
  OperationWork work{.operation = "matmul", .matrices = static_cast<std::int64_t>(parts.size())};
  if (!parts.empty()) work.w = &parts.front().w;
  for (const MatmulPart& part : parts) work.add(part.w, tokens);
  return work;
}

}  // namespace

void matmul(const Context& context, std::span<const MatmulPart> parts, const float* x, std::int64_t tokens) {
  if (context.observer) {
    for (const MatmulPart& part : parts) context.observer->multiplied(part.w, x, tokens);
  }
  const TimedOperation timed(context.log, [&] { return work_of(parts, tokens); });
  return context.backend == Backend::reference ? reference::matmul(context, parts, x, tokens)
                                               : cpu::matmul(context, parts, x, tokens);
}

}  // namespace hadal::ops
