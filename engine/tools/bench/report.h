#pragma once

#include <string>

#include "hadal/engine.h"
#include "tools/bench/measure.h"

namespace hadal::tools {

struct BenchSubject {
  std::string model;  ///< The file's name.
  EngineStatus engine;
  double load_seconds = 0.0;
  double ahead_seconds = 0.0;  ///< See Workbench.
};

/// Some lines for a person. `breakdown`: with a table of the operations.
std::string bench_text(const BenchPlan& plan, const BenchFigures& figures, const BenchSubject& subject, bool breakdown);
/// One JSON object.
std::string bench_json(const BenchPlan& plan, const BenchFigures& figures, const BenchSubject& subject, bool breakdown);

}  // namespace hadal::tools
