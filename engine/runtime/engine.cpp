#include "hadal/engine.h"

#include <new>

#include "runtime/cpu_engine.h"

namespace hadal {
namespace {

Result<std::unique_ptr<Engine>> create_on(std::shared_ptr<const Model> model, const EngineOptions& options) {
  switch (options.device) {
    case Device::cuda: {
      const CudaStatus status = cuda_status();
      return Error{ErrorCode::unavailable, status.available
                                               ? "This version cannot compute on the GPU yet; choose the processor."
                                               : status.reason};
    }
    case Device::reference:
      return CpuEngine::create(std::move(model), options, ops::Backend::reference);
    case Device::automatic:
    case Device::cpu:
      break;
  }
  return CpuEngine::create(std::move(model), options, ops::Backend::cpu);
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::create(std::shared_ptr<const Model> model, EngineOptions options) {
  try {
    return create_on(std::move(model), options);
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::out_of_memory, "The system has no memory left for the engine."};
  }
}

}  // namespace hadal
