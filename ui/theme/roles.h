#pragma once

#include <QColor>
#include <array>

namespace hadal::ui {

/// What a colour is for. Code names roles only; the values stand in one table (roles.cpp).
enum class Role {
  Window,        ///< rail, side lists, status line, table headers, panel chrome
  Surface,       ///< transcript, editor, tables, cards, inputs
  Raised,        ///< user turn, code block, context chips, key caps; popups in dark
  Popup,         ///< menus, command palette, tool tips
  Hover,         ///< row, rail item or ghost button under the pointer
  Pressed,       ///< ghost or outlined button held down
  Border,        ///< 1 px separators and card outlines
  BorderStrong,  ///< outlines of buttons and inputs
  Control,       ///< check boxes, slider handles, radio rings, scroll-bar thumb when hovered (3:1 against every ground)
  Scrollbar,     ///< scroll-bar thumb at rest
  Text,          ///< body text, titles
  TextMuted,     ///< captions, secondary columns, icons at rest
  TextDisabled,  ///< disabled labels and icons only
  Ghost,         ///< ghost text in the editor, place holders (surface only)
  Accent,        ///< primary button, selection, links, focus ring, progress
  AccentHover,   ///< primary button hovered
  AccentPressed,  ///< primary button held
  OnAccent,       ///< text and icons on accent
  AccentSoft,     ///< selected row, checked toggle, model chip
  AccentTrack,    ///< track under a progress bar or slider
  Success,        ///< done, accepted, verified, added lines' sign
  SuccessSoft,    ///< ground of a success badge or notice
  Warning,        ///< slow, nearly full, needs attention
  WarningSoft,    ///< ground of a warning badge or notice
  Danger,         ///< errors, Stop, removed lines' sign
  DangerSoft,     ///< ground of a danger badge or notice
  LineCurrent,    ///< line of the cursor in the editor
  Selection,      ///< selected text
  CodeKeyword,    ///< syntax
  CodeString,     ///< syntax
  CodeNumber,     ///< syntax
  CodeComment,    ///< syntax
  CodeFunction,   ///< syntax
  CodeType,       ///< syntax
  Scrim,          ///< laid over the window under the command palette
  PopupShadow,    ///< the only shadow: 0 6 24, popups and palette
};
inline constexpr int roleCount = static_cast<int>(Role::PopupShadow) + 1;

struct RoleColours {
  Role role;
  const char* name;
  QRgb light;
  QRgb dark;
};

/// One row a role, in the order of the enumeration.
const std::array<RoleColours, roleCount>& roleTable();

}  // namespace hadal::ui
