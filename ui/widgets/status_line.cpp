#include "ui/widgets/status_line.h"

#include <QEvent>
#include <QLocale>
#include <QRegularExpression>

#include "ui/theme/paint.h"

namespace hadal::ui {

namespace {
constexpr int padding = 12, dot = 8, barWidth = 64;
}

QString shortCount(int tokens) {
  const QLocale locale;
  if (tokens < 1000) return locale.toString(tokens);
  if (tokens % 1024 == 0 && tokens >= 4096) return locale.toString(tokens / 1024) + QLatin1Char('k');
  const double thousands = tokens / 1000.0;
  return locale.toString(thousands, 'f', thousands < 100 ? 1 : 0) + QLatin1Char('k');
}

QString byteCount(quint64 bytes) {
  return QLocale().formattedDataSize(static_cast<qint64>(bytes), bytes < 1'000'000'000 ? 0 : 1,
                                     QLocale::DataSizeSIFormat);
}

// The engine speaks English: "CPU, 2 threads, AVX512".
QString StatusLine::deviceText(const QString& device) {
  static const QRegularExpression processor(QStringLiteral("^CPU, (\\d+) threads?, (.+)$"));
  const QRegularExpressionMatch match = processor.match(device);
  return match.hasMatch() ? tr("CPU, %n threads, %1", nullptr, match.captured(1).toInt()).arg(match.captured(2))
                          : device;
}

StatusLine::StatusLine(QWidget* parent) : QWidget(parent) {
  setFixedHeight(size::statusLine);
  setObjectName(QStringLiteral("statusLine"));
  describe();
}

void StatusLine::setModel(const ModelStatus& status) {
  model_ = status;
  describe();
}

void StatusLine::setContext(int used, int total) {
  if (used == used_ && total == total_) return;
  used_ = used;
  total_ = total;
  describe();
}

void StatusLine::setSpeed(double speed, bool streaming) {
  speed_ = speed;
  streaming_ = streaming;
  describe();
}

void StatusLine::setWork(const QString& label, double share) {
  work_ = label;
  share_ = share;
  update();
}

QString templateText(const TemplateStatus& status) {
  return status.builtIn ? StatusLine::tr("Chat template: Hadal's own “%1”").arg(status.name)
                        : StatusLine::tr("Chat template: the model's own");
}

QString threadsText(const ModelStatus& status) {
  if (status.readingThreads == 0) return {};
  return StatusLine::tr("As measured on this machine, %L1 threads read prompts and %L2 write answers.")
      .arg(status.readingThreads)
      .arg(status.writingThreads);
}

void StatusLine::describe() {
  QStringList parts;
  QStringList tip;
  if (model_.state == ModelStatus::State::Ready) tip << templateText(model_.chatTemplate) << threadsText(model_);
  tip.removeAll(QString());
  setToolTip(tip.join(u'\n'));
  for (const Field& field : fields()) parts << field.text;
  setAccessibleName(tr("Status"));
  setAccessibleDescription(parts.join(QStringLiteral(", ")));
  update();
}

QList<StatusLine::Field> StatusLine::fields() const {
  QList<Field> result;
  using State = ModelStatus::State;
  const QString name =
      model_.quantisation.isEmpty() ? model_.name : model_.name + QLatin1Char(' ') + model_.quantisation;
  switch (model_.state) {
    case State::NoModel:
      result << Field{tr("No model"), Role::TextMuted, 0};
      return result;
    case State::Failed:
      result << Field{tr("Model not loaded"), Role::TextMuted, 0};
      return result;
    case State::Loading:
      result << Field{tr("Loading %1").arg(name), Role::TextMuted, 0};
      return result;
    case State::Ready:
      result << Field{name, Role::TextMuted, 0};
      break;
  }
  if (!model_.device.isEmpty()) result << Field{deviceText(model_.device), Role::TextMuted, 4};
  const int total = total_ > 0 ? total_ : model_.contextLength;
  if (total > 0) {
    result << Field{used_ < 0 ? tr("Context %1").arg(shortCount(total))
                              : tr("Context %1 / %2").arg(shortCount(used_), shortCount(total)),
                    Role::TextMuted, 2};
  }
  if (streaming_ && speed_ > 0) {
    result << Field{tr("%1 tok/s").arg(QLocale().toString(speed_, 'f', 1)), Role::Accent, 1};
  } else if (streaming_) {
    result << Field{tr("Reading"), Role::Accent, 1};
  } else {
    result << Field{speed_ > 0 ? tr("%1 tok/s").arg(QLocale().toString(speed_, 'f', 1)) : tr("Idle"), Role::TextMuted,
                    1};
  }
  if (model_.memoryBytes > 0) result << Field{tr("Memory %1").arg(byteCount(model_.memoryBytes)), Role::TextMuted, 3};
  return result;
}

void StatusLine::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.fillRect(rect(), colour(Role::Window));
  painter.fillRect(0, 0, width(), 1, colour(Role::Border));
  const QFont face = figures(Type::Caption);
  const QFontMetrics metrics(face);
  const QRect area = rect().adjusted(0, 1, 0, 0);

  int right = width() - padding;
  if (!work_.isEmpty()) {
    const QString percent = QLocale().toString(qRound(share_ * 100)) + tr(" %", "after a figure");
    const int percentWidth = metrics.horizontalAdvance(percent);
    drawLine(painter, QRect(right - percentWidth, area.y(), percentWidth + 1, area.height()), percent, face,
             colour(Role::TextMuted));
    right -= percentWidth + space::s;
    const QRectF track(right - barWidth, area.center().y() - 1, barWidth, 4);
    drawCard(painter, track, 2, colour(Role::AccentTrack));
    if (share_ > 0)
      drawCard(painter, QRectF(track.x(), track.y(), qMax(4.0, barWidth * share_), 4), 2, colour(Role::Accent));
    right -= barWidth + space::s;
    const int label = qMin(metrics.horizontalAdvance(work_), width() / 3);
    drawLine(painter, QRect(right - label, area.y(), label + 1, area.height()), work_, face, colour(Role::TextMuted));
    right -= label + space::xl;
  }

  QList<Field> shown = fields();
  const auto widthOf = [&] {
    int sum = space::l + dot + 6;
    for (const Field& field : shown) sum += metrics.horizontalAdvance(field.text) + 2 * padding + 1;
    return sum;
  };
  for (int order = 4; order > 0 && widthOf() > right; --order) {
    shown.removeIf([order](const Field& field) { return field.dropOrder == order; });
  }
  using State = ModelStatus::State;
  const Role dotRole = model_.state == State::Failed    ? Role::Danger
                       : model_.state == State::Loading ? Role::Warning
                       : model_.state == State::NoModel ? Role::Control
                       : streaming_                     ? Role::Accent
                                                        : Role::Success;
  drawCard(painter, QRectF(space::l, area.center().y() - dot / 2.0 + 0.5, dot, dot), dot / 2.0, colour(dotRole));
  int x = space::l + dot + 6;
  for (qsizetype i = 0; i < shown.size(); ++i) {
    if (i > 0) {
      x += padding;
      painter.fillRect(x, area.center().y() - 6, 1, 14, colour(Role::Border));
      x += 1 + padding;
    }
    const int text = qMin(metrics.horizontalAdvance(shown[i].text), right - x);
    drawLine(painter, QRect(x, area.y(), text + 1, area.height()), shown[i].text, face, colour(shown[i].role));
    x += text;
  }
}

void StatusLine::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) describe();
}

}  // namespace hadal::ui
