#pragma once

#include <memory>

#include "hadal/model.h"

namespace hadal::test {

/// What a model that was loaded is asked for, whatever is in its file: text to tokens and back, and a prompt. Throws
/// BrokenPromise.
void write_and_read(const Model& model);

/// The logits of three tokens and an answer of two, on the CPU.
void compute(const std::shared_ptr<const Model>& model);

}  // namespace hadal::test
