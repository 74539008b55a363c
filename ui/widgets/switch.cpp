#include "ui/widgets/switch.h"

#include <QHBoxLayout>
#include <QKeyEvent>

#include "ui/theme/paint.h"

namespace hadal::ui {

namespace {

class Segment : public Pressable {
 public:
  using Pressable::Pressable;
  bool first = false, last = false;

  QSize sizeHint() const override {
    return {QFontMetrics(typeface(Type::Caption, QFont::Medium)).horizontalAdvance(text()) + 24, 28};
  }

 protected:
  void paintEvent(QPaintEvent*) override {
    QPainter painter(this);
    const QRect area = rect().adjusted(first ? 2 : 0, 2, last ? -2 : -1, -2);
    if (isChecked() || isHot()) {
      const QColor ground = colour(!isEnabled() ? Role::Border : isChecked() ? Role::AccentSoft : Role::Hover);
      drawCard(painter, area, radius::small, ground);
    }
    if (!last) painter.fillRect(width() - 1, 1, 1, height() - 2, colour(Role::Border));
    if (hasRing()) drawFocusRing(painter, rect(), radius::control);
    // A value that cannot be changed is to be read all the same.
    const Role ink = !isEnabled()  ? (isChecked() ? Role::Text : Role::TextDisabled)
                     : isChecked() ? Role::Accent
                                   : Role::Text;
    drawLine(painter, rect(), text(), typeface(Type::Caption, QFont::Medium), colour(ink), Qt::AlignHCenter);
  }

  void keyPressEvent(QKeyEvent* event) override {
    const int step = event->key() == Qt::Key_Right ? 1 : event->key() == Qt::Key_Left ? -1 : 0;
    if (step == 0) {
      Pressable::keyPressEvent(event);
      return;
    }
    const QList<Pressable*> all = parentWidget()->findChildren<Pressable*>(Qt::FindDirectChildrenOnly);
    const qsizetype next = all.indexOf(this) + step;
    if (next < 0 || next >= all.size()) return;
    all[next]->setFocus(Qt::TabFocusReason);
    all[next]->click();
  }
};

}  // namespace

Switch::Switch(QWidget* parent) : Pressable(parent) {
  setCheckable(true);
  setFixedSize(sizeHint());
}

void Switch::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const Role track = !isEnabled() ? Role::Border : isChecked() ? Role::Accent : Role::Control;
  drawCard(painter, rect(), 10, colour(track));
  const int x = isChecked() ? width() - 17 : 3;
  drawCard(painter, QRectF(x, 3, 14, 14), 7, colour(isChecked() && isEnabled() ? Role::OnAccent : Role::Surface));
  if (hasRing()) drawCard(painter, rect(), 10, {}, colour(Role::Text), 2);
}

Segmented::Segmented(QWidget* parent) : QWidget(parent) {
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

void Segmented::setOptions(const QStringList& values, const QStringList& labels) {
  values_ = values;
  while (buttons_.size() < values.size()) {
    auto* segment = new Segment(this);
    const qsizetype at = buttons_.size();
    segment->setCheckable(true);
    segment->setAutoExclusive(true);
    connect(segment, &QAbstractButton::clicked, this, [this, at] { Q_EMIT chosen(values_[at]); });
    buttons_ << segment;
    layout()->addWidget(segment);
  }
  for (qsizetype i = 0; i < buttons_.size(); ++i) {
    auto* segment = static_cast<Segment*>(buttons_[i]);
    segment->setText(labels.value(i));
    segment->first = i == 0;
    segment->last = i + 1 == buttons_.size();
    segment->updateGeometry();
  }
}

void Segmented::setCurrent(const QString& value) {
  const qsizetype at = values_.indexOf(value);
  if (at >= 0) buttons_[at]->setChecked(true);
}

void Segmented::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const QColor outline = colour(isEnabled() ? Role::BorderStrong : Role::Border);
  drawCard(painter, rect(), radius::control, colour(isEnabled() ? Role::Surface : Role::Window), outline);
}

}  // namespace hadal::ui
