#include "ui/experts/heat_map.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <algorithm>
#include <cmath>

#include "ui/theme/paint.h"

namespace hadal::ui {

namespace {

constexpr double widest = 26, narrowest = 2;
constexpr int tallest = 20, shortest = 7, axis = line::caption + space::xs;

QColor between(const QColor& from, const QColor& to, double part) {
  const auto mix = [part](int a, int b) { return qRound(a + (b - a) * part); };
  return {mix(from.red(), to.red()), mix(from.green(), to.green()), mix(from.blue(), to.blue())};
}

}  // namespace

HeatMap::HeatMap(QWidget* parent) : QWidget(parent) {
  setObjectName(QStringLiteral("heatMap"));
  setMouseTracking(true);
  setFocusPolicy(Qt::StrongFocus);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

// Never chosen is a colour of its own: an expert that nobody asks is what one looks for.
QColor HeatMap::shade(double part) {
  if (part <= 0) return colour(Role::Raised);
  return between(colour(Role::AccentTrack), colour(Role::Accent), std::clamp(part, 0.0, 1.0));
}

void HeatMap::setUse(const ExpertUse& use) {
  const bool resized = use.experts != use_.experts || use.layers.size() != use_.layers.size();
  use_ = use;
  double most = 0;
  for (const ExpertLayer& layer : use_.layers)
    most = std::max(most, *std::max_element(layer.share.begin(), layer.share.end()));
  top_ = use_.meanShare() > 0 ? most / use_.meanShare() : 0;
  if (resized) {
    setCurrent(-1, -1);
    fit();
  } else if (layer_ >= 0) {
    Q_EMIT currentChanged(layer_, expert_);
  }
  update();
}

int HeatMap::labelWidth() const {
  const int last = use_.layers.isEmpty() ? 0 : use_.layers.last().number;
  return QFontMetrics(figures(Type::Caption)).horizontalAdvance(QString::number(last)) + space::s;
}

double HeatMap::cellWidth(int width) const {
  return std::clamp(double(width - labelWidth()) / std::max(1, use_.experts), narrowest, widest);
}

int HeatMap::cellHeight(int width) const {
  return std::clamp(static_cast<int>(cellWidth(width)), shortest, tallest);
}

void HeatMap::fit() {
  setFixedHeight(axis + static_cast<int>(use_.layers.size()) * cellHeight(width()));
}

void HeatMap::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  if (event->size().width() != event->oldSize().width()) fit();
}

// Columns begin on whole pixels, so that all of them are equally sharp.
QRect HeatMap::cell(qsizetype layer, int expert) const {
  const double wide = cellWidth(width());
  const int high = cellHeight(width()), gap = wide >= 5 ? 1 : 0;
  const int left = labelWidth() + static_cast<int>(std::floor(expert * wide));
  const int right = labelWidth() + static_cast<int>(std::floor((expert + 1) * wide));
  return {left, axis + static_cast<int>(layer) * high, right - left - gap, high - gap};
}

void HeatMap::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const QFont face = figures(Type::Caption);
  const int high = cellHeight(width()), labels = labelWidth();
  // Labels stand no nearer than they can be read.
  const int rowStep = std::max(1, (line::caption + high - 1) / high);
  const double wide = cellWidth(width());
  int columnStep = 1;
  for (const int step : {1, 2, 4, 8, 16, 32, 64}) {
    columnStep = step;
    if (step * wide >= 32) break;
  }
  for (int expert = 0; expert < use_.experts; expert += columnStep) {
    const QRect at(cell(0, expert).x(), 0, static_cast<int>(columnStep * wide), line::caption);
    drawLine(painter, at, QString::number(expert), face, colour(Role::TextMuted));
  }
  const double most = top_ * use_.meanShare();
  for (qsizetype row = 0; row < use_.layers.size(); ++row) {
    const ExpertLayer& layer = use_.layers[row];
    if (row % rowStep == 0) {
      const QRect at(0, cell(row, 0).center().y() - line::caption / 2, labels - space::s, line::caption);
      drawLine(painter, at, QString::number(layer.number), face, colour(Role::TextMuted), Qt::AlignRight);
    }
    for (int expert = 0; expert < layer.share.size(); ++expert)
      painter.fillRect(cell(row, expert), shade(most > 0 ? layer.share[expert] / most : 0));
  }
  if (layer_ < 0) return;
  painter.setPen(QPen(colour(Role::Text), hasFocus() ? 2 : 1));
  painter.setBrush(Qt::NoBrush);
  painter.drawRect(cell(layer_, expert_).adjusted(-1, -1, 0, 0));
}

void HeatMap::setCurrent(qsizetype layer, int expert) {
  if (layer == layer_ && expert == expert_) return;
  layer_ = layer;
  expert_ = expert;
  Q_EMIT currentChanged(layer, expert);
  update();
}

void HeatMap::mouseMoveEvent(QMouseEvent* event) {
  const QPoint at = event->position().toPoint();
  const auto row = static_cast<qsizetype>((at.y() - axis) / std::max(1, cellHeight(width())));
  const int expert = static_cast<int>((at.x() - labelWidth()) / cellWidth(width()));
  const bool inside = at.y() >= axis && row < use_.layers.size() && at.x() >= labelWidth() && expert < use_.experts;
  setCurrent(inside ? row : -1, inside ? expert : -1);
}

void HeatMap::leaveEvent(QEvent*) {
  if (!hasFocus()) setCurrent(-1, -1);
}

void HeatMap::keyPressEvent(QKeyEvent* event) {
  if (use_.layers.isEmpty()) return QWidget::keyPressEvent(event);
  const qsizetype rows = use_.layers.size();
  const qsizetype row = std::max<qsizetype>(0, layer_);
  const int expert = std::max(0, expert_);
  switch (event->key()) {
    case Qt::Key_Left:
      return setCurrent(row, std::max(0, expert - 1));
    case Qt::Key_Right:
      return setCurrent(row, std::min(use_.experts - 1, expert + 1));
    case Qt::Key_Up:
      return setCurrent(std::max<qsizetype>(0, row - 1), expert);
    case Qt::Key_Down:
      return setCurrent(std::min(rows - 1, row + 1), expert);
    case Qt::Key_Home:
      return setCurrent(row, 0);
    case Qt::Key_End:
      return setCurrent(row, use_.experts - 1);
    default:
      QWidget::keyPressEvent(event);
  }
}

void HeatMap::focusInEvent(QFocusEvent* event) {
  QWidget::focusInEvent(event);
  if (layer_ < 0 && !use_.layers.isEmpty() && event->reason() != Qt::MouseFocusReason) setCurrent(0, 0);
  update();
}

void HeatMap::focusOutEvent(QFocusEvent* event) {
  QWidget::focusOutEvent(event);
  setCurrent(-1, -1);
}

void HeatMap::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) update();
}

HeatScale::HeatScale(QWidget* parent) : QWidget(parent) {
  setFixedSize(96, 10);
}

void HeatScale::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  constexpr int steps = 8;
  const int wide = width() / steps;
  for (int i = 0; i < steps; ++i)
    painter.fillRect(QRect(i * wide, 0, wide - 1, height()), HeatMap::shade(double(i) / (steps - 1)));
}

}  // namespace hadal::ui
