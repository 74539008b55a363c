#include "ui/theme/icons.h"

#include <QIconEngine>
#include <QPainter>
#include <QSvgRenderer>

#include "ui/theme/theme.h"

namespace hadal::ui {

namespace {

class ThemedIconEngine : public QIconEngine {
 public:
  explicit ThemedIconEngine(QString name) : name_(std::move(name)) {}

  void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State state) override {
    const int side = qMin(rect.width(), rect.height());
    const QPixmap image = theme().icon(name_, roleFor(mode, state), side, painter->device()->devicePixelRatio());
    painter->drawPixmap(rect.x() + (rect.width() - side) / 2, rect.y() + (rect.height() - side) / 2, image);
  }
  QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override {
    return theme().icon(name_, roleFor(mode, state), qMin(size.width(), size.height()), 1);
  }
  QPixmap scaledPixmap(const QSize& size, QIcon::Mode mode, QIcon::State state, qreal scale) override {
    return theme().icon(name_, roleFor(mode, state), qRound(qMin(size.width(), size.height()) / scale), scale);
  }
  QIconEngine* clone() const override { return new ThemedIconEngine(name_); }
  bool isNull() override { return false; }

 private:
  static Role roleFor(QIcon::Mode mode, QIcon::State state) {
    if (mode == QIcon::Disabled) return Role::TextDisabled;
    if (state == QIcon::On) return Role::Accent;
    return mode == QIcon::Active || mode == QIcon::Selected ? Role::Text : Role::TextMuted;
  }
  QString name_;
};

}  // namespace

QPixmap IconCache::pixmap(const QString& name, const QColor& tint, int side, qreal ratio) {
  const QString key = QStringLiteral("%1/%2/%3/%4").arg(name).arg(tint.rgba(), 0, 16).arg(side).arg(ratio);
  if (const auto found = kept_.constFind(key); found != kept_.constEnd()) return *found;

  QImage image(QSize(side, side) * ratio, QImage::Format_ARGB32_Premultiplied);
  image.fill(Qt::transparent);
  QSvgRenderer renderer(QStringLiteral(":/icons/%1.svg").arg(name));
  QPainter painter(&image);
  painter.setRenderHint(QPainter::Antialiasing);
  renderer.render(&painter, QRectF(QPointF(0, 0), QSizeF(image.size())));
  painter.setCompositionMode(QPainter::CompositionMode_SourceIn);
  painter.fillRect(image.rect(), tint);
  painter.end();
  QPixmap result = QPixmap::fromImage(std::move(image));
  result.setDevicePixelRatio(ratio);
  return *kept_.insert(key, result);
}

QIcon themedIcon(const QString& name) {
  return QIcon(new ThemedIconEngine(name));
}

}  // namespace hadal::ui
