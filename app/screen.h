#pragma once

#include <QString>

namespace hadal {

/// What a window would be shown on. Found out before Qt's own attempt, which ends the process where it fails.
struct Screen {
  enum class State {
    None,         ///< No variable of the environment names one.
    Unreachable,  ///< One is named, and does not answer or refuses us.
    Usable,
  };
  State state = State::None;
  QString name;  ///< State::Unreachable: as the environment says it.
};

/// Asks the display that Qt would take: QT_QPA_PLATFORM if it is set, otherwise WAYLAND_DISPLAY and DISPLAY. Blocks for
/// as long as a display needs to answer, on another machine three seconds at most for the connection. Before any other
/// thread begins.
Screen findScreen();

}  // namespace hadal
