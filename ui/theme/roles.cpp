#include "ui/theme/roles.h"

namespace hadal::ui {

const std::array<RoleColours, roleCount>& roleTable() {
  static constexpr std::array<RoleColours, roleCount> table = {{
      {Role::Window, "window", 0xFFF2F5F7, 0xFF12171B},
      {Role::Surface, "surface", 0xFFFFFFFF, 0xFF181E23},
      {Role::Raised, "raised", 0xFFF3F6F8, 0xFF20282E},
      {Role::Popup, "popup", 0xFFFFFFFF, 0xFF20282E},
      {Role::Hover, "hover", 0xFFE7ECEF, 0xFF252E35},
      {Role::Pressed, "pressed", 0xFFDBE3E7, 0xFF2E3941},
      {Role::Border, "border", 0xFFDAE1E6, 0xFF2B343B},
      {Role::BorderStrong, "border-strong", 0xFFBFCAD1, 0xFF3D4952},
      {Role::Control, "control", 0xFF75838D, 0xFF788792},
      {Role::Scrollbar, "scrollbar", 0xFFC9D2D8, 0xFF3A454D},
      {Role::Text, "text", 0xFF17222B, 0xFFE3E9ED},
      {Role::TextMuted, "text-muted", 0xFF52616C, 0xFF9CAAB5},
      {Role::TextDisabled, "text-disabled", 0xFF95A1AA, 0xFF5F6C76},
      {Role::Ghost, "ghost", 0xFF63717B, 0xFF8694A0},
      {Role::Accent, "accent", 0xFF0B6B80, 0xFF55B9CD},
      {Role::AccentHover, "accent-hover", 0xFF095C6E, 0xFF6CC7D9},
      {Role::AccentPressed, "accent-pressed", 0xFF074D5C, 0xFF8AD4E2},
      {Role::OnAccent, "on-accent", 0xFFFFFFFF, 0xFF06222A},
      {Role::AccentSoft, "accent-soft", 0xFFDDEEF2, 0xFF17343D},
      {Role::AccentTrack, "accent-track", 0xFFCFE3E8, 0xFF24454F},
      {Role::Success, "success", 0xFF17704A, 0xFF6CC596},
      {Role::SuccessSoft, "success-soft", 0xFFE1F2E9, 0xFF173126},
      {Role::Warning, "warning", 0xFF855400, 0xFFE0B15C},
      {Role::WarningSoft, "warning-soft", 0xFFFAEFD9, 0xFF332A17},
      {Role::Danger, "danger", 0xFFB02A2A, 0xFFF08C86},
      {Role::DangerSoft, "danger-soft", 0xFFFBE7E6, 0xFF3A2023},
      {Role::LineCurrent, "line-current", 0xFFF1F5F7, 0xFF1E262C},
      {Role::Selection, "selection", 0xFFC4E1E8, 0xFF234E5A},
      {Role::CodeKeyword, "code-keyword", 0xFF0B6B80, 0xFF6CC3D5},
      {Role::CodeString, "code-string", 0xFF1D6B3A, 0xFF93C99A},
      {Role::CodeNumber, "code-number", 0xFF8A4B08, 0xFFDDA96B},
      {Role::CodeComment, "code-comment", 0xFF56656F, 0xFF8694A0},
      {Role::CodeFunction, "code-function", 0xFF2A4FA0, 0xFF8FB4F0},
      {Role::CodeType, "code-type", 0xFF7A3B6B, 0xFFD3A0C4},
      {Role::Scrim, "scrim", 0x2917222B, 0x66000000},
      {Role::PopupShadow, "popup-shadow", 0x2E17222B, 0x73000000},
  }};
  return table;
}

}  // namespace hadal::ui
