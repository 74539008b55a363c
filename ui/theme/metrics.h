#pragma once

namespace hadal::ui {

/// Steps of spacing, corner radii and sizes in px at 100 %.
namespace space {
inline constexpr int xs = 4, s = 8, m = 12, l = 16, xl = 24, xxl = 32;
}
namespace radius {
inline constexpr int small = 4, control = 6, card = 10;
}
namespace size {
inline constexpr int rail = 72, railItemWidth = 60, railItemHeight = 54;
inline constexpr int statusLine = 26, paneHeader = 48;
inline constexpr int sideList = 280, sideListNarrow = 232, row = 34, groupHead = 28;
inline constexpr int field = 32, button = 32, buttonSmall = 26, iconButton = 28, chip = 26, badge = 20;
inline constexpr int column = 656, measure = 576, columnMargin = 24;  ///< an answer's column; its lines of prose
inline constexpr int icon = 20, iconSmall = 16;
}  // namespace size
namespace line {
inline constexpr int caption = 16, body = 20, reading = 22, section = 24, title = 28, code = 20;
}
namespace motion {
inline constexpr int hover = 120, fold = 150, popup = 180;  ///< ms
}

}  // namespace hadal::ui
