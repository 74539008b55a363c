#include "app/inference/measured_threads.h"

#include <QStringList>
#include <QThread>

namespace hadal {

QString MeasuredThreads::text() const {
  return QStringLiteral("%1/%2/%3").arg(cores).arg(reading).arg(writing);
}

std::optional<MeasuredThreads> MeasuredThreads::parse(const QString& text, int cores) {
  const QStringList parts = text.split(u'/');
  if (parts.size() != 3) return std::nullopt;
  const MeasuredThreads out{parts[0].toInt(), parts[1].toInt(), parts[2].toInt()};
  const auto possible = [cores](int threads) { return threads >= 1 && threads <= cores; };
  if (out.cores != cores || !possible(out.reading) || !possible(out.writing)) return std::nullopt;
  return out;
}

void keepMeasuredThreads(Settings& settings, InferenceService& inference) {
  const QString key = QLatin1String(setting::measuredThreads);
  const int cores = QThread::idealThreadCount();
  if (const auto known = MeasuredThreads::parse(settings.value(key).toString(), cores))
    inference.knowThreads(known->reading, known->writing);
  QObject::connect(&inference, &InferenceService::threadsMeasured, &settings,
                   [&settings, key, cores](int reading, int writing) {
                     settings.setValue(key, MeasuredThreads{cores, reading, writing}.text());
                   });
}

}  // namespace hadal
