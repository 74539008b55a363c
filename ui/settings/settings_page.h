#pragma once

#include <QScrollArea>

#include "app/inference/inference_service.h"
#include "app/settings/settings.h"

namespace hadal::ui {

class SettingRow;
class NoticeStack;
class TextLabel;

/// Drawn from Settings::table(): a card for each group, a row for each setting, a control for its type.
class SettingsPage : public QWidget {
  Q_OBJECT
 public:
  explicit SettingsPage(Settings& settings, QWidget* parent = nullptr);
  /// The rows say what this model brings: its chat template, and what its makers advise.
  void setModel(const ModelStatus& status);
  /// What happened while the settings are shown.
  void showNotice(const QString& sentence);
  void dismissNotices();

 Q_SIGNALS:
  /// `global`: where a menu of models has room.
  void modelWanted(const QPoint& global);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void changeEvent(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  void build();
  void retranslate();
  void showNotes();

  Settings& settings_;
  ModelStatus model_;
  QScrollArea* scroll_;
  QWidget* content_;
  NoticeStack* notices_;
  QStringList shown_;
  QList<SettingRow*> rows_;
  QList<std::pair<TextLabel*, const char*>> headings_;
};

}  // namespace hadal::ui
