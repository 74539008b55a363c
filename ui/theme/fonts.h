#pragma once

#include <QFont>

namespace hadal::ui {

enum class Type { Caption, Body, Section, Title, Code, CodeSmall };

/// The program's faces: Inter where it is installed, else the system's; Chinese from Noto Sans CJK SC.
/// `weight` 0 keeps the style's own weight.
QFont typeface(Type type, int weight = 0);
/// The same with figures of one width, for columns, meters and clocks.
QFont figures(Type type, int weight = 0);

/// Where the baseline stands in a line of this height. It is that of the face itself, so that a character borrowed from
/// another face moves nothing.
qreal baselineIn(qreal lineHeight, const QFont& face);

}  // namespace hadal::ui
