#pragma once

#include <memory>

#include <QString>

namespace hadal {

class ChatService;
class InferenceService;
class Profile;
class Settings;
class Store;

/// What a window is built on. Made by main.cpp, the composition root; outlives every window.
struct Services {
  Profile& profile;
  Settings& settings;
  Store& store;
  InferenceService& inference;
  ChatService& chat;
};

/// The window, seen from below: app/ declares it, ui/ implements it, main.cpp puts them together.
class Shell {
 public:
  virtual ~Shell() = default;
  virtual void show() = 0;
  /// Brings the window to the front; a second start of the program asks for it.
  virtual void raise() = 0;
  /// Puts text into the composer and, if `send`, asks it.
  virtual void handOver(const QString& text, bool send) = 0;
};

/// Implemented by ui/.
std::unique_ptr<Shell> createShell(Services services);

}  // namespace hadal
