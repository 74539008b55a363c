#pragma once

#include <QWidget>

#include "app/chat/chat_types.h"

namespace hadal::ui {

class CodeColours;
class IconButton;
class MarkdownView;

/// What a person can do with a turn.
enum class TurnAction {
  Regenerate,
  Continue,
  AnswerNow,     ///< Enough thought.
  EditQuestion,  ///< Of the question that the answer belongs to.
  ChooseModel,
  ChangeContext,
  AskInNewChat,
};

/// Tokens the context holds, and those it could be set to hold.
struct ContextRoom {
  int now = 0;   ///< 0: not known, no model is there.
  int most = 0;  ///< 0: no bound is known.

  bool operator==(const ContextRoom&) const = default;
};

/// One message of the transcript. Its widget is wider than the column by `bleed` at each side, so that icons can be
/// aligned by what is seen of them.
class Turn : public QWidget {
  Q_OBJECT
 public:
  static constexpr int bleed = 8;

  explicit Turn(const Message& message, QWidget* parent = nullptr) : QWidget(parent), message_(message) {}

  const Message& message() const { return message_; }
  /// Lays out for a column's width and returns the height.
  virtual int lay(int column) = 0;
  virtual void setMessage(const Message& message) = 0;
  /// Marks every occurrence; the height of the first, -1 if there is none.
  virtual int setNeedle(const QString& needle) = 0;
  virtual void clearSelection() = 0;
  virtual bool hasSelection() const = 0;

 Q_SIGNALS:
  void heightChanged();
  void actionWanted(hadal::ui::TurnAction action, hadal::MessageId message);
  void branchWanted(hadal::MessageId message, int step);
  void edited(hadal::MessageId question, const QString& text);
  void editingEnded();
  void selectionStarted();

 protected:
  Message message_;
};

/// "‹ 2 / 3 ›".
class BranchSwitch : public QWidget {
  Q_OBJECT
 public:
  explicit BranchSwitch(QWidget* parent = nullptr);
  void setPlace(int branch, int branches);
  QSize sizeHint() const override;

 Q_SIGNALS:
  void stepped(int step);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  QString label() const;
  void retranslate();
  IconButton* back_;
  IconButton* on_;
  int branch_ = 1, branches_ = 1;
};

}  // namespace hadal::ui
