#pragma once

#include <QVBoxLayout>
#include <QWidget>

#include "ui/theme/theme.h"

namespace hadal::ui {

class Button;
class IconButton;
class TextLabel;

/// A bar inside the pane: an icon, one sentence, and the action that solves it.
class Notice : public QWidget {
  Q_OBJECT
 public:
  enum class Kind { Info, Warning, Danger };

  Notice(Kind kind, const QString& sentence, QWidget* parent = nullptr);
  void setSentence(const QString& sentence);
  QString sentence() const;
  Kind kind() const { return kind_; }
  Button* addAction(const QString& label);
  void setClosable(bool closable);
  bool hasHeightForWidth() const override { return true; }
  int heightForWidth(int width) const override;
  QSize sizeHint() const override;

 Q_SIGNALS:
  void closed();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  int place(int width, bool apply) const;

  Kind kind_;
  TextLabel* text_;
  QList<Button*> actions_;
  IconButton* close_ = nullptr;
};

/// Notices of a pane, one below the other, each under a key so that it is shown once.
class NoticeStack : public QWidget {
  Q_OBJECT
 public:
  explicit NoticeStack(QWidget* parent = nullptr);
  /// Replaces the notice of this key.
  Notice* show(const QString& key, Notice::Kind kind, const QString& sentence);
  void dismiss(const QString& key);
  Notice* find(const QString& key) const { return notices_.value(key); }
  bool isEmpty() const { return notices_.isEmpty(); }

 Q_SIGNALS:
  void changed();

 private:
  QVBoxLayout* layout_;
  QHash<QString, Notice*> notices_;
};

}  // namespace hadal::ui
