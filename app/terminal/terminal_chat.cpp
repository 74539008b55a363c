#include "app/terminal/terminal_chat.h"

#include <unistd.h>

#include <QDir>
#include <QFileInfo>
#include <QLocale>
#include <QSocketNotifier>
#include <cerrno>

#include "app/chat/chat_service.h"
#include "app/inference/inference_service.h"
#include "app/language/engine_words.h"
#include "app/language/language.h"
#include "app/profile/profile.h"
#include "app/settings/settings.h"
#include "app/terminal/input.h"
#include "app/terminal/output.h"

namespace hadal {

TerminalChat::TerminalChat(const Services& services, QObject* parent)
    : QObject(parent), services_(services), interactive_(::isatty(STDIN_FILENO) && ::isatty(STDOUT_FILENO)) {
  connect(&services_.chat, &ChatService::messageDelta, this, [this](MessageId answer, const QString& text) {
    if (answer == answer_) showText(text);
  });
  connect(&services_.chat, &ChatService::messageThinking, this, [this](MessageId answer, const QString& text) {
    if (answer == answer_) showThinking(text);
  });
  connect(&services_.chat, &ChatService::messageFinished, this, [this](const Message& answer) {
    if (answer.id == answer_) finish(answer);
  });
  connect(&services_.chat, &ChatService::storeFailed, this, &printError);
  connect(&services_.profile, &Profile::noticeAdded, this, &printError);
  connect(&services_.inference, &InferenceService::statusChanged, this, [this](const ModelStatus& status) {
    if (status.state == ModelStatus::State::Failed) printError(engineWords(status.error));
    if (status.state == ModelStatus::State::Ready && status.failedPath.isEmpty() && interactive_) {
      write(QStringLiteral("\r") + tr("%1, %2, %3").arg(status.name, status.quantisation, status.device) + u'\n');
      if (!busy_) showPrompt();
    }
  });
}

void TerminalChat::begin(const QString& error) {
  // The profile's notice has said it.
  if (!error.isEmpty()) {
    Q_EMIT ended(1);
    return;
  }
  busy_ = false;
  start();
}

void TerminalChat::start() {
  connect(&services_.inference, &InferenceService::modelLoaded, this,
          [this](const QString& file) { modelTried(file, {}); });
  connect(&services_.inference, &InferenceService::modelFailed, this, &TerminalChat::modelTried);
  if (interactive_) say(tr("Type a question. /help tells the commands, Ctrl-C stops an answer and ends the chat."));
  auto* notifier = new QSocketNotifier(STDIN_FILENO, QSocketNotifier::Read, this);
  connect(notifier, &QSocketNotifier::activated, this, [this, notifier] {
    readInput();
    if (inputEnded_) notifier->setEnabled(false);
  });
  showPrompt();
}

void TerminalChat::readInput() {
  char buffer[65536];
  // One read only: it does not block after the notification, a second one might.
  const ssize_t count = ::read(STDIN_FILENO, buffer, sizeof buffer);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count > 0) input_.append(buffer, count);
  inputEnded_ = count <= 0;
  takeLines();
  next();
}

void TerminalChat::takeLines() {
  for (qsizetype end; (end = input_.indexOf('\n')) >= 0;) {
    lines_.enqueue(decoded(input_.first(end)));
    input_.remove(0, end + 1);
  }
  if (inputEnded_ && !input_.trimmed().isEmpty()) lines_.enqueue(decoded(std::exchange(input_, {})));
}

QString TerminalChat::decoded(const QByteArray& line) {
  bool damaged = false;
  const QString text = decodeInput(line, damaged).trimmed();
  if (damaged) printError(lostBytes());
  return text;
}

void TerminalChat::next() {
  while (!busy_ && !lines_.isEmpty()) {
    const QString line = lines_.dequeue();
    if (line.isEmpty()) continue;
    if (!interactive_) say(QStringLiteral("> ") + line);
    obey(line);
  }
  if (busy_) return;
  if (inputEnded_ && lines_.isEmpty()) {
    if (interactive_) say({});
    Q_EMIT ended(exitCode_);
    return;
  }
  showPrompt();
}

void TerminalChat::showPrompt() {
  if (interactive_) write(QStringLiteral("> "));
}

void TerminalChat::obey(const QString& line) {
  if (!line.startsWith(u'/')) return ask(line);
  const QString command = line.section(u' ', 0, 0);
  const QString argument = line.section(u' ', 1).trimmed();
  if (command == u"/new") {
    conversation_ = 0;
    say(tr("A new chat."));
  } else if (command == u"/list") {
    list();
  } else if (command == u"/open") {
    open(argument.toInt());
  } else if (command == u"/model" && !argument.isEmpty()) {
    useModel(QDir::cleanPath(QFileInfo(argument).absoluteFilePath()));
  } else if (command == u"/model") {
    const ModelStatus& status = services_.inference.status();
    say(status.path.isEmpty() ? tr("No model is loaded.") : status.path);
  } else if (command == u"/quit" || command == u"/exit") {
    lines_.clear();
    inputEnded_ = true;
  } else if (command == u"/help") {
    write(help());
  } else {
    say(tr("There is no command %1; /help tells them all.").arg(command));
  }
}

/// What is typed next is for the new model, so it waits.
void TerminalChat::useModel(const QString& file) {
  busy_ = true;
  tryingModel_ = file;
  if (services_.settings.setValue(setting::modelFile, file)) return;
  printError(tr("The model is set by your administrator."));
  modelTried(file, {});
}

void TerminalChat::modelTried(const QString& file, const QString& error) {
  if (tryingModel_.isEmpty() || file != tryingModel_) return;
  tryingModel_.clear();
  // A script's further questions would be answered by a model that it did not ask for.
  if (!error.isEmpty() && !interactive_) exitCode_ = 1;
  busy_ = false;
  next();
}

QString TerminalChat::help() {
  return tr(
      "/new         begin a new chat\n"
      "/list        list the chats\n"
      "/open N      go on with chat N of the list\n"
      "/model PATH  use this GGUF file or model's folder; without PATH: tell which one is used\n"
      "/quit        end, as Ctrl-D and Ctrl-C do\n"
      "Ctrl-C       stop the answer\n");
}

void TerminalChat::ask(const QString& text) {
  busy_ = true;
  services_.chat.ask(conversation_, text).then(this, [this](const Outcome<Message>& answer) {
    if (!answer) {
      printError(answer.error);
      exitCode_ = 1;
      busy_ = false;
      return next();
    }
    conversation_ = answer->conversation;
    answer_ = answer->id;
    const auto running = services_.chat.answering(conversation_);
    if (running && !running->thinking.isEmpty()) showThinking(running->thinking);
    if (running && !running->content.isEmpty()) showText(running->content);
  });
}

/// In a terminal alone: who reads a pipe wants the answer.
void TerminalChat::showThinking(const QString& text) {
  if (!interactive_) return;
  thinking_ = true;
  write(QStringLiteral("\x1b[2m") + text + QStringLiteral("\x1b[22m"));
}

void TerminalChat::showText(const QString& text) {
  if (std::exchange(thinking_, false)) write(QStringLiteral("\n\n"));
  write(text);
}

void TerminalChat::finish(const Message& answer) {
  answer_ = 0;
  busy_ = false;
  if (std::exchange(thinking_, false) || !answer.content.isEmpty()) say({});
  if (answer.state == MessageState::Failed) {
    printError(engineWords(answer.error));
    if (!interactive_) exitCode_ = 1;
  } else if (answer.state == MessageState::Stopped) {
    say(tr("(stopped)"));
  } else if (interactive_) {
    say(footnote(answer));
  }
  next();
}

QString TerminalChat::footnote(const Message& answer) const {
  const QString figures =
      tr("(%1 tokens, %2 tokens/s)").arg(answer.tokens).arg(QLocale().toString(answer.tokensPerSecond, 'f', 1));
  return answer.thinking.isEmpty() ? figures : thought(answer) + u' ' + figures;
}

QString TerminalChat::thought(const Message& answer) {
  return tr("(thought for %1 s)").arg(qMax(1, qRound(answer.thinkingSeconds)));
}

void TerminalChat::list() {
  busy_ = true;
  services_.chat.list().then(this, [this](const Outcome<ConversationList>& list) {
    busy_ = false;
    if (!list) {
      printError(list.error);
      return next();
    }
    listed_ = list->conversations;
    if (listed_.isEmpty()) say(tr("There is no chat yet."));
    for (qsizetype i = 0; i < listed_.size(); ++i) {
      say(QStringLiteral("%1  %2  %3").arg(i + 1, 4).arg(shortDateTime(listed_[i].updated), listed_[i].title));
    }
    next();
  });
}

void TerminalChat::open(int number) {
  if (number >= 1 && number <= listed_.size()) return openConversation(listed_[number - 1].id);
  // Numbers count from the newest, also before the list was asked for.
  busy_ = true;
  services_.chat.list().then(this, [this, number](const Outcome<ConversationList>& list) {
    busy_ = false;
    if (list && number >= 1 && number <= list->conversations.size()) {
      listed_ = list->conversations;
      return openConversation(listed_[number - 1].id);
    }
    say(tr("There is no chat with this number; /list shows them."));
    next();
  });
}

void TerminalChat::openConversation(ConversationId id) {
  busy_ = true;
  services_.chat.open(id).then(this, [this, id](const Outcome<Transcript>& transcript) {
    busy_ = false;
    if (!transcript) {
      printError(transcript.error);
      return next();
    }
    conversation_ = id;
    for (const Message& message : transcript->messages) {
      if (!message.thinking.isEmpty()) say(thought(message));
      say(message.role == MessageRole::User ? QStringLiteral("> ") + message.content : message.content);
      if (message.state == MessageState::Interrupted) say(tr("(interrupted: Hadal ended before the answer did)"));
      if (message.state == MessageState::Stopped) say(tr("(stopped)"));
      if (message.state == MessageState::Failed) say(u'(' + engineWords(message.error) + u')');
    }
    next();
  });
}

void TerminalChat::interrupt() {
  if (answer_ != 0) return services_.chat.stop(conversation_);
  if (interactive_) say({});
  Q_EMIT ended(interactive_ ? 0 : 130);
}

void TerminalChat::write(const QString& text) {
  if (!print(text)) Q_EMIT ended(1);
}

}  // namespace hadal
