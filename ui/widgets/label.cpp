#include "ui/widgets/label.h"

#include <QTextLayout>

#include "ui/theme/paint.h"

namespace hadal::ui {

namespace {

int lineHeight(Type type) {
  switch (type) {
    case Type::Caption:
      return line::caption;
    case Type::Section:
      return line::section;
    case Type::Title:
      return line::title;
    default:
      return line::body;
  }
}

}  // namespace

ElidedLabel::ElidedLabel(QWidget* parent, Type type, int weight, Role role)
    : QWidget(parent), type_(type), weight_(weight), role_(role) {
  setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
}

QFont ElidedLabel::face() const {
  return tabular_ ? figures(type_, weight_) : typeface(type_, weight_);
}

void ElidedLabel::setText(const QString& text) {
  if (text == text_) return;
  text_ = text;
  setAccessibleName(text);
  updateGeometry();
  update();
}

void ElidedLabel::setRole(Role role) {
  role_ = role;
  update();
}

void ElidedLabel::setTabular(bool tabular) {
  tabular_ = tabular;
  update();
}

QSize ElidedLabel::sizeHint() const {
  const QFontMetrics metrics(face());
  return {metrics.horizontalAdvance(text_) + 1, qMax(lineHeight(type_), metrics.height())};
}

QSize ElidedLabel::minimumSizeHint() const {
  return {qMin(sizeHint().width(), 24), sizeHint().height()};
}

void ElidedLabel::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  setToolTip(sizeHint().width() > width() ? text_ : QString());
}

void ElidedLabel::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  drawLine(painter, rect(), text_, face(), colour(isEnabled() ? role_ : Role::TextDisabled));
}

TextLabel::TextLabel(QWidget* parent, Type type, int weight, Role role)
    : QWidget(parent), type_(type), weight_(weight), role_(role) {
  QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Minimum);
  policy.setHeightForWidth(true);
  setSizePolicy(policy);
}

void TextLabel::setText(const QString& text) {
  if (text == text_) return;
  text_ = text;
  setAccessibleName(text);
  updateGeometry();
  update();
}

void TextLabel::setAlignment(Qt::Alignment alignment) {
  alignment_ = alignment;
  update();
}

int TextLabel::lay(int width, QPainter* painter) const {
  // A layout takes a line break for a space.
  QTextLayout layout(QString(text_).replace(QLatin1Char('\n'), QChar(QChar::LineSeparator)), typeface(type_, weight_));
  QTextOption option(alignment_);
  option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
  layout.setTextOption(option);
  const int step = lineHeight(type_);
  const qreal baseline = baselineIn(step, layout.font());
  int y = 0;
  layout.beginLayout();
  for (QTextLine row = layout.createLine(); row.isValid(); row = layout.createLine()) {
    row.setLineWidth(width);
    row.setPosition(QPointF(0, y + baseline - row.ascent()));
    y += step;
  }
  layout.endLayout();
  if (painter) layout.draw(painter, QPointF(0, 0));
  return y;
}

int TextLabel::heightForWidth(int width) const {
  return lay(width, nullptr);
}

QSize TextLabel::sizeHint() const {
  const QFontMetrics metrics(typeface(type_, weight_));
  return {qMin(metrics.horizontalAdvance(text_) + 1, size::measure), lineHeight(type_)};
}

QSize TextLabel::minimumSizeHint() const {
  return {48, lineHeight(type_)};
}

void TextLabel::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setPen(colour(isEnabled() ? role_ : Role::TextDisabled));
  lay(width(), &painter);
}

}  // namespace hadal::ui
