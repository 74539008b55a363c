#pragma once

#include "app/inference/sampling_advice.h"
#include "app/settings/settings.h"

namespace hadal {

/// Calls `visit(key, member)` for every setting that stands for one of the values; the member is a
/// std::optional<float> or a std::optional<int> of SamplingValues.
template <class Visit>
void forEachSamplingSetting(Visit visit) {
  visit(setting::temperature, &SamplingValues::temperature);
  visit(setting::topK, &SamplingValues::topK);
  visit(setting::topP, &SamplingValues::topP);
  visit(setting::minP, &SamplingValues::minP);
  visit(setting::repetitionPenalty, &SamplingValues::repetitionPenalty);
  visit(setting::frequencyPenalty, &SamplingValues::frequencyPenalty);
  visit(setting::presencePenalty, &SamplingValues::presencePenalty);
}

/// What the person chose; the rest is left to the model's makers.
SamplingValues chosenSampling(const Settings& settings);

/// The makers' values stand where nobody chose.
void adviseSampling(Settings& settings, const SamplingValues& said);

}  // namespace hadal
