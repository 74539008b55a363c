#pragma once

#include <QAbstractScrollArea>
#include <QJsonObject>

#include "app/chat/chat_types.h"

namespace hadal::ui {

class TranscriptView : public QAbstractScrollArea {
  Q_OBJECT
 public:
  explicit TranscriptView(QWidget* parent = nullptr) : QAbstractScrollArea(parent) {}
  void setTranscript(const QList<Message>& m) { messages_ = m; }
  const QList<Message>& messages() const { return messages_; }
  void clear() { messages_.clear(); }
  void append(const Message& m) { messages_ << m; }
  void appendDelta(MessageId, const QString&) {}
  void setPromptProgress(MessageId, int, int) {}
  void finish(const Message&) {}
  void showMessage(MessageId) {}
  QJsonObject place() const { return {}; }
  void setPlace(const QJsonObject&) {}
  void editLast() {}
  int setNeedle(const QString&) { return 0; }
  int stepMatch(int) { return 0; }
 Q_SIGNALS:
  void regenerateWanted(hadal::MessageId answer);
  void continueWanted(hadal::MessageId answer);
  void edited(hadal::MessageId question, const QString& text);
  void branchWanted(hadal::MessageId message, int step);
  void matchesChanged(int current, int total);

 private:
  QList<Message> messages_;
};

}  // namespace hadal::ui
