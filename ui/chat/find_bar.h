#pragma once

#include <QWidget>

namespace hadal::ui {

class ElidedLabel;
class IconButton;
class SearchField;

/// Find in the open conversation: words, "3 / 12", back, on, close.
class FindBar : public QWidget {
  Q_OBJECT
 public:
  explicit FindBar(QWidget* parent = nullptr);
  void open(const QString& text = {});
  void setCount(int current, int total);
  QString text() const;

 Q_SIGNALS:
  void changed(const QString& text);
  void stepped(int direction);
  void closed();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void changeEvent(QEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void retranslate();
  void close();
  SearchField* field_;
  ElidedLabel* count_;
  IconButton* back_;
  IconButton* on_;
  IconButton* close_;
};

}  // namespace hadal::ui
