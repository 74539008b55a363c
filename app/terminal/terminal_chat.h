#pragma once

#include <QObject>
#include <QQueue>
#include <QStringList>

#include "app/chat/chat_types.h"
#include "app/services.h"

namespace hadal {

/// `hadal --chat`: a conversation in the terminal, or with whatever is on the other end of a pipe. Lines are read as
/// they come; those that come while an answer runs wait for its end.
class TerminalChat : public QObject {
  Q_OBJECT
 public:
  explicit TerminalChat(const Services& services, QObject* parent = nullptr);
  /// Once the store is open; with the reason why it is not, the chat ends at once.
  void begin(const QString& error);
  /// Ctrl-C: stops the answer, or ends the chat if there is none.
  void interrupt();

 Q_SIGNALS:
  void ended(int exitCode);

 private:
  void start();
  void useModel(const QString& file);
  void modelTried(const QString& file, const QString& error);
  QString decoded(const QByteArray& line);
  void readInput();
  void takeLines();
  void obey(const QString& line);
  void next();
  void showPrompt();
  void ask(const QString& text);
  void list();
  void open(int number);
  void openConversation(ConversationId id);
  void finish(const Message& answer);
  void showThinking(const QString& text);
  void showText(const QString& text);
  void write(const QString& text);
  void say(const QString& line) { write(line + u'\n'); }
  static QString help();
  QString footnote(const Message& answer) const;
  static QString thought(const Message& answer);

  Services services_;
  bool interactive_;
  QByteArray input_;
  bool inputEnded_ = false;
  QQueue<QString> lines_;
  bool busy_ = true;     ///< A command or an answer is running, or the store is being opened.
  QString tryingModel_;  ///< By /model.
  ConversationId conversation_ = 0;
  MessageId answer_ = 0;
  bool thinking_ = false;  ///< What was written last is thinking.
  QList<Conversation> listed_;
  int exitCode_ = 0;
};

}  // namespace hadal
