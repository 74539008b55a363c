#pragma once

#include <QWidget>
#include <functional>

#include "app/settings/settings.h"

namespace hadal::ui {

class Button;
class ElidedLabel;
class TextLabel;

/// One setting: its name and what it does at the left, its control at the right.
class SettingRow : public QWidget {
  Q_OBJECT
 public:
  SettingRow(Settings& settings, const SettingSpec& spec, QWidget* parent = nullptr);
  void retranslate();
  /// A further line below what the setting does; where the value is advised, only while it is.
  void setNote(const QString& note);
  void setFirst(bool first) { first_ = first; }

 Q_SIGNALS:
  /// `global`: the upper left corner of the button that asks.
  void fileWanted(const QPoint& global);

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  QWidget* makeControl();
  QWidget* makeSwitch();
  QWidget* makeNumber();
  QWidget* makeChoice();
  QWidget* makeText();
  QWidget* makePath();
  void refresh();

  Settings& settings_;
  const SettingSpec& spec_;
  TextLabel* name_;
  TextLabel* help_;
  QWidget* control_;
  QList<std::function<void()>> onRefresh_;
  QList<std::function<void()>> onRetranslate_;
  QString note_;
  Button* automatic_ = nullptr;  ///< Takes the person's choice back.
  bool first_ = false;
};

}  // namespace hadal::ui
