#pragma once

#include <QAbstractScrollArea>
#include <QJsonObject>
#include <QSet>
#include <vector>

#include "ui/chat/turn.h"

namespace hadal::ui {

class Button;
class CodeColours;

/// The open conversation. Widgets exist only for what is near the viewport; of the rest the heights are estimated, and
/// corrected as it is scrolled to, without what is seen moving. Follows the end unless the person scrolled up.
class TranscriptView : public QAbstractScrollArea {
  Q_OBJECT
 public:
  explicit TranscriptView(QWidget* parent = nullptr);
  ~TranscriptView() override;

  void setTranscript(const QList<Message>& messages);
  void clear() { setTranscript({}); }
  /// Takes the place of what stood below the same parent.
  void append(const Message& message);
  void appendDelta(MessageId answer, const QString& text);
  void appendThinking(MessageId answer, const QString& text, double seconds);
  void setPromptProgress(MessageId answer, int done, int total);
  void setWaitingForModel(bool waiting);
  void setContextRoom(const ContextRoom& room);
  void finish(const Message& message);

  QList<Message> messages() const;
  bool isEmpty() const { return entries_.empty(); }
  const Message* last(MessageRole role) const;
  const Message* find(MessageId id) const;

  void showMessage(MessageId id);
  /// Where it is scrolled to; empty at the end.
  QJsonObject place() const;
  void setPlace(const QJsonObject& place);
  void scrollToEnd();
  bool followsEnd() const { return following_; }

  void editQuestion(MessageId question);
  void editLast();
  void setNeedle(const QString& needle);
  void stepMatch(int direction);
  Turn* turn(MessageId id) const;

 Q_SIGNALS:
  void actionWanted(hadal::ui::TurnAction action, hadal::MessageId message);
  void edited(hadal::MessageId question, const QString& text);
  /// A question is no longer being put in another wording; the keyboard needs a place.
  void editingEnded();
  void branchWanted(hadal::MessageId message, int step);
  void matchesChanged(int current, int total);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void scrollContentsBy(int dx, int dy) override;
  void changeEvent(QEvent* event) override;
  void showEvent(QShowEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  bool viewportEvent(QEvent* event) override;

 private:
  struct Entry {
    Message message;
    Turn* turn = nullptr;
    int height = 0;
    int top = 0;
    bool dirty = true;  ///< The turn has to be laid out again.
  };
  int column() const;
  int indexOf(MessageId id) const;
  int indexAt(int y) const;
  static int estimate(const Message& message, int column);
  static int gapAbove(const Entry& entry, const Entry* above);
  void makeTurn(Entry& entry);
  void dropTurn(Entry& entry);
  void touch(Turn* turn);
  /// Lays out what is near, keeping what is seen where it is.
  void refresh();
  void stack();
  void arrange();
  void orderTabs();
  void showMatch();
  void placeEndButton();

  CodeColours* colours_;
  std::vector<Entry> entries_;
  Button* end_;
  bool following_ = true;
  bool refreshing_ = false;
  bool refreshPending_ = false;
  bool waiting_ = false;
  ContextRoom room_;
  bool made_ = false;  ///< Turns were made since the order of Tab was set.
  int contentHeight_ = 0;
  int lastColumn_ = 0;
  int anchor_ = 0;            ///< Entry at the top edge ...
  int anchorOffset_ = 0;      ///< ... and how far the edge is below its top.
  QSet<MessageId> unfolded_;  ///< Answers whose thoughts are shown, also of other conversations.
  QString needle_;
  QList<MessageId> found_;
  int foundAt_ = -1;
};

}  // namespace hadal::ui
