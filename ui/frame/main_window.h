#pragma once

#include <QWidget>

#include "app/services.h"
#include "ui/widgets/actions.h"
#include "ui/widgets/state_file.h"

class QStackedWidget;

namespace hadal::ui {

class ChatPane;
class CommandPalette;
class ExpertsPage;
class RailButton;
class SettingsPage;
class StatusLine;

/// The window: rail at the left, the pane, the status line at the foot.
class MainWindow : public QWidget {
  Q_OBJECT
 public:
  MainWindow(Services services, const QString& stateFile);
  ~MainWindow() override;

  ChatPane& chat() { return *chat_; }
  Actions& actions() { return *actions_; }
  void showChat();
  void showSettings();
  void showExperts();
  void showPalette();

 protected:
  void closeEvent(QCloseEvent* event) override;
  void changeEvent(QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;

 private:
  void addActions();
  void addChatActions();
  void retranslate();
  void restoreWindow();
  void saveWindow();
  void switchTheme();

  Services services_;
  StateFile state_;
  Actions* actions_;
  RailButton* chatButton_;
  RailButton* settingsButton_;
  QStackedWidget* stack_;
  ChatPane* chat_;
  SettingsPage* settings_ = nullptr;  ///< Made when first shown.
  ExpertsPage* experts_ = nullptr;    ///< Likewise.
  StatusLine* status_;
  CommandPalette* palette_ = nullptr;
};

}  // namespace hadal::ui
