#pragma once

#include <QString>
#include <optional>

#include "app/inference/inference_service.h"
#include "app/settings/settings.h"

namespace hadal {

/// With how many threads a machine of so many cores reads prompts and writes answers fastest.
struct MeasuredThreads {
  int cores = 0;
  int reading = 0;
  int writing = 0;

  QString text() const;  ///< As the setting has it, "16/16/8".
  /// Nothing for other texts, and for a machine with another number of cores than `cores`.
  static std::optional<MeasuredThreads> parse(const QString& text, int cores);
};

/// Tells the service what is kept in the settings, and keeps there what it measures. To be called before a model is
/// loaded; both live in the GUI thread.
void keepMeasuredThreads(Settings& settings, InferenceService& inference);

}  // namespace hadal
