#include "ui/theme/fonts.h"

#include <QFontDatabase>
#include <QFontMetricsF>
#include <cmath>

namespace hadal::ui {

namespace {

struct Style {
  int pixels;
  int weight;
  bool code;
};

Style styleOf(Type type) {
  switch (type) {
    case Type::Caption:
      return {12, QFont::Normal, false};
    case Type::Body:
      return {14, QFont::Normal, false};
    case Type::Section:
      return {16, QFont::DemiBold, false};
    case Type::Title:
      return {20, QFont::DemiBold, false};
    case Type::Code:
      return {13, QFont::Normal, true};
    case Type::CodeSmall:
      return {12, QFont::Normal, true};
  }
  return {14, QFont::Normal, false};
}

}  // namespace

QFont typeface(Type type, int weight) {
  const Style style = styleOf(type);
  QFont result;
  if (style.code) {
    result.setFamilies({QStringLiteral("JetBrains Mono"), QFontDatabase::systemFont(QFontDatabase::FixedFont).family(),
                        QStringLiteral("Noto Sans Mono CJK SC")});
    result.setStyleHint(QFont::Monospace);
    result.setFixedPitch(true);
    // Ligatures would show characters that are not in the file.
    result.setFeature("calt", 0);
    result.setFeature("liga", 0);
  } else {
    result.setFamilies({QStringLiteral("Inter"), QFontDatabase::systemFont(QFontDatabase::GeneralFont).family(),
                        QStringLiteral("Noto Sans CJK SC")});
  }
  result.setPixelSize(style.pixels);
  result.setWeight(static_cast<QFont::Weight>(weight > 0 ? weight : style.weight));
  result.setHintingPreference(QFont::PreferVerticalHinting);
  return result;
}

QFont figures(Type type, int weight) {
  QFont result = typeface(type, weight);
  result.setFeature("tnum", 1);
  return result;
}

qreal baselineIn(qreal lineHeight, const QFont& face) {
  const QFontMetricsF metrics(face);
  return std::round((lineHeight - metrics.height()) / 2 + metrics.ascent());
}

}  // namespace hadal::ui
