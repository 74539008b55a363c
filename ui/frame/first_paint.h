#pragma once

#include <QWidget>

namespace hadal::ui {

/// With HADAL_PRINT_FIRST_PAINT set, tells on the standard error when the window had been painted for the first time:
/// "first paint" and the milliseconds since 1970. For measuring how long a start takes.
void reportFirstPaint(QWidget& window);

}  // namespace hadal::ui
