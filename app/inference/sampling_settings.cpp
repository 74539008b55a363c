#include "app/inference/sampling_settings.h"

namespace hadal {

SamplingValues chosenSampling(const Settings& settings) {
  SamplingValues chosen;
  forEachSamplingSetting([&]<class T>(const char* key, std::optional<T> SamplingValues::*value) {
    const QString name = QLatin1String(key);
    if (settings.isChosen(name)) chosen.*value = settings.value(name).value<T>();
  });
  return chosen;
}

void adviseSampling(Settings& settings, const SamplingValues& said) {
  forEachSamplingSetting([&](const char* key, auto value) {
    // To two places, as the settings page shows it: a float would be written out with all its digits.
    const auto& advice = said.*value;
    settings.advise(QLatin1String(key), advice ? QVariant(qRound(100.0 * *advice) / 100.0) : QVariant());
  });
}

}  // namespace hadal
