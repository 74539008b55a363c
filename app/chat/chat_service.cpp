#include "app/chat/chat_service.h"

#include <QHash>
#include <QPointer>
#include <QRandomGenerator>
#include <QSet>

#include "app/chat/prompt.h"
#include "app/chat/running_answer.h"
#include "app/chat/title.h"
#include "app/inference/inference_service.h"
#include "app/inference/sampling_settings.h"
#include "app/settings/settings.h"
#include "app/store/conversations.h"
#include "app/store/messages.h"
#include "app/store/search.h"
#include "app/store/settings_rows.h"
#include "app/store/store.h"

namespace hadal {

namespace {

const QString kNewDraft = QStringLiteral("draft.new");

/// What one question left in the store.
struct Asked {
  Conversation conversation;
  std::optional<Message> question;  ///< Only if it is new.
  Message answer;
  QList<PromptMessage> prompt;
  bool resumed = false;  ///< The answer was there, and its text so far ends the prompt.
  AskOptions options{};
};

Message newMessage(ConversationId conversation, MessageId parent, MessageRole role) {
  Message message;
  message.conversation = conversation;
  message.parent = parent;
  message.role = role;
  return message;
}

/// Adds an empty answer below `question` and shows its branch.
Asked addAnswer(Connection& connection, const Message& question, const QString& systemPrompt) {
  Conversations conversations(connection);
  Messages messages(connection);
  Asked asked;
  asked.prompt = buildPrompt(systemPrompt, messages.branch(question.conversation, question.id));
  asked.answer = newMessage(question.conversation, question.id, MessageRole::Assistant);
  asked.answer.state = MessageState::Streaming;
  asked.answer = messages.insert(asked.answer);
  conversations.setLeaf(question.conversation, asked.answer.id);
  conversations.touch(question.conversation);
  asked.conversation = conversations.get(question.conversation);
  return asked;
}

Asked addQuestion(Connection& connection, ConversationId conversation, MessageId parent, const QString& text,
                  const QString& systemPrompt) {
  Message question = newMessage(conversation, parent, MessageRole::User);
  question.content = text;
  question = Messages(connection).insert(question);
  Asked asked = addAnswer(connection, question, systemPrompt);
  asked.question = question;
  return asked;
}

/// Opens `answer` again and shows its branch.
Asked reopen(Connection& connection, Message answer, const QString& systemPrompt) {
  Conversations conversations(connection);
  Messages messages(connection);
  Asked asked;
  asked.resumed = true;
  asked.prompt = buildPrompt(systemPrompt, messages.branch(answer.conversation, answer.id));
  messages.reopen(answer.id);
  conversations.setLeaf(answer.conversation, answer.id);
  conversations.touch(answer.conversation);
  asked.answer = messages.get(answer.id);
  asked.conversation = conversations.get(answer.conversation);
  return asked;
}

template <class T>
QFuture<Outcome<T>> refused(const QString& sentence) {
  return QtFuture::makeReadyValueFuture(Outcome<T>::failure(sentence));
}

}  // namespace

struct ChatService::Private {
  ChatService* q;
  Store& store;
  InferenceService& inference;
  Settings& settings;
  QHash<ConversationId, RunningAnswer*> running;
  QSet<ConversationId> asking;  ///< Their question is on its way to the store.
  QList<QPointer<RunningAnswer>> unsettled;

  bool busy(ConversationId id) const { return running.contains(id) || asking.contains(id); }
  QString systemPrompt() const { return settings.value(setting::systemPrompt).toString(); }
  GenerationRequest request(const Asked& asked) const;
  void begin(const Asked& asked);
  QFuture<Outcome<Message>> submit(ConversationId id, std::function<Asked(Connection&)> work);
  QFuture<Outcome<Message>> submitBelow(MessageId message, std::function<Asked(Connection&, const Message&)> work);
  /// A write of which only the conversation's new row is of interest.
  QFuture<Outcome<Nothing>> change(ConversationId id, std::function<void(Conversations&)> work);
  void overlay(Transcript& transcript) const;
};

GenerationRequest ChatService::Private::request(const Asked& asked) const {
  GenerationRequest request;
  request.messages = asked.prompt;
  // What is left to the model's makers is known once it is loaded, which this question may have to wait for.
  request.sampling = chosenSampling(settings);
  request.seed = asked.options.seed.value_or(QRandomGenerator::global()->generate64());
  request.maxTokens = asked.options.maxTokens;
  request.chat = asked.conversation.id;
  request.continueLast = asked.resumed && !(asked.answer.content.isEmpty() && asked.answer.thinking.isEmpty());
  return request;
}

void ChatService::Private::begin(const Asked& asked) {
  const ConversationId id = asked.conversation.id;
  auto* answer = new RunningAnswer(asked.answer, store, inference, q);
  running.insert(id, answer);
  unsettled.removeIf([](const QPointer<RunningAnswer>& old) { return old.isNull(); });
  unsettled.append(answer);
  connect(answer, &RunningAnswer::promptProgress, q,
          [this, answer](int done, int total) { Q_EMIT q->promptProgress(answer->message().id, done, total); });
  connect(answer, &RunningAnswer::delta, q,
          [this, answer](const QString& text) { Q_EMIT q->messageDelta(answer->message().id, text); });
  connect(answer, &RunningAnswer::thinkingDelta, q,
          [this, answer](const QString& text) { Q_EMIT q->messageThinking(answer->message().id, text); });
  connect(answer, &RunningAnswer::storeFailed, q, &ChatService::storeFailed);
  connect(answer, &RunningAnswer::finished, q, [this, answer, id] {
    running.remove(id);
    Q_EMIT q->messageFinished(answer->message());
  });
  connect(answer, &RunningAnswer::settled, q, &ChatService::answerKept);
  connect(answer, &RunningAnswer::settled, answer, &QObject::deleteLater);

  Q_EMIT q->conversationChanged(asked.conversation);
  if (asked.question) Q_EMIT q->messageAdded(*asked.question);
  if (asked.resumed)
    Q_EMIT q->messageResumed(asked.answer);
  else
    Q_EMIT q->messageAdded(asked.answer);
  answer->start(request(asked));
}

QFuture<Outcome<Message>> ChatService::Private::submit(ConversationId id, std::function<Asked(Connection&)> work) {
  if (id != 0) {
    if (busy(id)) return refused<Message>(tr("This chat is still being answered. Stop the answer first."));
    asking.insert(id);
  }
  return store.write(std::move(work)).then(q, [this, id](const Outcome<Asked>& asked) {
    asking.remove(id);
    if (!asked) return Outcome<Message>::failure(asked.error);
    begin(*asked);
    return Outcome<Message>::success(asked->answer);
  });
}

QFuture<Outcome<Message>> ChatService::Private::submitBelow(MessageId id,
                                                            std::function<Asked(Connection&, const Message&)> work) {
  // Which conversation it belongs to is known only in the store, so that being busy is judged here once more.
  return store.write([id](Connection& connection) { return Messages(connection).get(id); })
      .then(q,
            [this, work = std::move(work)](const Outcome<Message>& found) {
              if (!found) return refused<Message>(found.error);
              return submit(found->conversation,
                            [work, message = *found](Connection& connection) { return work(connection, message); });
            })
      .unwrap();
}

QFuture<Outcome<Nothing>> ChatService::Private::change(ConversationId id, std::function<void(Conversations&)> work) {
  return store
      .write([id, work = std::move(work)](Connection& connection) {
        Conversations conversations(connection);
        work(conversations);
        return conversations.get(id);
      })
      .then(q, [this](const Outcome<Conversation>& changed) {
        if (!changed) return Outcome<Nothing>::failure(changed.error);
        Q_EMIT q->conversationChanged(*changed);
        return Outcome<Nothing>::success({});
      });
}

void ChatService::Private::overlay(Transcript& transcript) const {
  const RunningAnswer* answer = running.value(transcript.conversation.id);
  if (!answer) return;
  for (Message& message : transcript.messages) {
    if (message.id != answer->message().id) continue;
    message.content = answer->message().content;
    message.thinking = answer->message().thinking;
    message.thinkingSeconds = answer->message().thinkingSeconds;
  }
}

ChatService::ChatService(Store& store, InferenceService& inference, Settings& settings, QObject* parent)
    : QObject(parent), d(new Private{this, store, inference, settings, {}, {}, {}}) {}

ChatService::~ChatService() = default;

QFuture<Outcome<ConversationList>> ChatService::list() {
  return d->store.read([](Connection& connection) {
    Conversations conversations(connection);
    return ConversationList{conversations.folders(), conversations.all(),
                            SettingsRows(connection).remembered(kNewDraft)};
  });
}

QFuture<Outcome<QList<SearchHit>>> ChatService::search(const QString& text) {
  return d->store.read([text](Connection& connection) { return Search(connection).find(text); });
}

QFuture<Outcome<Transcript>> ChatService::open(ConversationId id) {
  return d->store
      .read([id](Connection& connection) {
        Transcript transcript;
        transcript.conversation = Conversations(connection).get(id);
        transcript.messages = Messages(connection).branch(id, transcript.conversation.leaf);
        return transcript;
      })
      .then(this, [this](Outcome<Transcript> opened) {
        if (opened) d->overlay(*opened.value);
        return opened;
      });
}

QFuture<Outcome<Message>> ChatService::ask(ConversationId conversation, const QString& text, MessageId parent,
                                           const AskOptions& options) {
  if (text.trimmed().isEmpty()) return refused<Message>(tr("The question is empty."));
  return d->submit(conversation, [conversation, text, parent, options,
                                  prompt = d->systemPrompt()](Connection& connection) {
    Conversations conversations(connection);
    const Conversation c = conversation == 0 ? conversations.insert(titleFor(text)) : conversations.get(conversation);
    if (conversation == 0)
      SettingsRows(connection).remember(kNewDraft, {});
    else
      conversations.setDraft(c.id, {});
    Asked asked = addQuestion(connection, c.id, parent == 0 ? c.leaf : parent, text, prompt);
    asked.options = options;
    return asked;
  });
}

QFuture<Outcome<Message>> ChatService::continueAnswer(MessageId answer) {
  return d->submitBelow(answer, [prompt = d->systemPrompt()](Connection& connection, const Message& old) {
    // As it is now: a click may come twice.
    const Message now = Messages(connection).get(old.id);
    if (now.role != MessageRole::Assistant || now.state == MessageState::Done || now.state == MessageState::Streaming)
      connection.fail(tr("This answer is complete."));
    if (!Messages(connection).children(now.conversation, now.id).isEmpty())
      connection.fail(tr("The chat went on after this answer, so it stays as it is."));
    return reopen(connection, now, prompt);
  });
}

QFuture<Outcome<Message>> ChatService::regenerate(MessageId answer) {
  return d->submitBelow(answer, [prompt = d->systemPrompt()](Connection& connection, const Message& old) {
    return addAnswer(connection, Messages(connection).get(old.parent), prompt);
  });
}

QFuture<Outcome<Message>> ChatService::editAndAsk(MessageId question, const QString& text) {
  if (text.trimmed().isEmpty()) return refused<Message>(tr("The question is empty."));
  return d->submitBelow(question, [text, prompt = d->systemPrompt()](Connection& connection, const Message& old) {
    return addQuestion(connection, old.conversation, old.parent, text, prompt);
  });
}

void ChatService::stop(ConversationId conversation) {
  if (RunningAnswer* answer = d->running.value(conversation)) answer->stop();
}

void ChatService::answerNow(MessageId message) {
  for (RunningAnswer* answer : std::as_const(d->running)) {
    if (answer->message().id == message) answer->answerNow();
  }
}

bool ChatService::isAnswering(ConversationId conversation) const {
  return d->running.contains(conversation);
}

std::optional<Message> ChatService::answering(ConversationId conversation) const {
  const RunningAnswer* answer = d->running.value(conversation);
  return answer ? std::optional(answer->message()) : std::nullopt;
}

QFuture<Outcome<Transcript>> ChatService::switchBranch(MessageId message, int step) {
  return d->store
      .write([message, step](Connection& connection) {
        Conversations conversations(connection);
        Messages messages(connection);
        const Message from = messages.get(message);
        const QList<MessageId> siblings = messages.children(from.conversation, from.parent);
        Transcript transcript;
        if (siblings.isEmpty()) return transcript;
        const qsizetype to = std::clamp<qsizetype>(siblings.indexOf(message) + step, 0, siblings.size() - 1);
        conversations.setLeaf(from.conversation, messages.newestLeaf(from.conversation, siblings[to]));
        transcript.conversation = conversations.get(from.conversation);
        transcript.messages = messages.branch(from.conversation, transcript.conversation.leaf);
        return transcript;
      })
      .then(this, [this](Outcome<Transcript> switched) {
        if (!switched) return switched;
        d->overlay(*switched.value);
        Q_EMIT conversationChanged(switched->conversation);
        return switched;
      });
}

QFuture<Outcome<Nothing>> ChatService::rename(ConversationId id, const QString& title) {
  if (title.trimmed().isEmpty()) return refused<Nothing>(tr("The title is empty."));
  return d->change(id, [id, title = title.simplified()](Conversations& c) { c.setTitle(id, title); });
}

QFuture<Outcome<Nothing>> ChatService::setPinned(ConversationId id, bool pinned) {
  return d->change(id, [id, pinned](Conversations& c) { c.setPinned(id, pinned); });
}

QFuture<Outcome<Nothing>> ChatService::setDraft(ConversationId id, const QString& draft) {
  return d->store.write([id, draft](Connection& connection) {
    if (id == 0)
      SettingsRows(connection).remember(kNewDraft, draft);
    else
      Conversations(connection).setDraft(id, draft);
    return Nothing{};
  });
}

QFuture<Outcome<Nothing>> ChatService::remove(ConversationId id) {
  stop(id);
  return d->store
      .write([id](Connection& connection) {
        Conversations(connection).setRemoved(id, true);
        return Nothing{};
      })
      .then(this, [this, id](const Outcome<Nothing>& removed) {
        if (removed) d->inference.forgetChat(id);
        if (removed) Q_EMIT conversationRemoved(id);
        return removed;
      });
}

QFuture<Outcome<Nothing>> ChatService::restore(ConversationId id) {
  return d->change(id, [id](Conversations& c) { c.setRemoved(id, false); });
}

QFuture<Outcome<Folder>> ChatService::addFolder(const QString& name) {
  if (name.trimmed().isEmpty()) return refused<Folder>(tr("The folder's name is empty."));
  return d->store
      .write(
          [name = name.simplified()](Connection& connection) { return Conversations(connection).insertFolder(name); })
      .then(this, [this](const Outcome<Folder>& added) {
        if (added) Q_EMIT foldersChanged();
        return added;
      });
}

QFuture<Outcome<Nothing>> ChatService::renameFolder(FolderId id, const QString& name) {
  if (name.trimmed().isEmpty()) return refused<Nothing>(tr("The folder's name is empty."));
  return d->store
      .write([id, name = name.simplified()](Connection& connection) {
        Conversations(connection).renameFolder(id, name);
        return Nothing{};
      })
      .then(this, [this](const Outcome<Nothing>& renamed) {
        if (renamed) Q_EMIT foldersChanged();
        return renamed;
      });
}

QFuture<Outcome<Nothing>> ChatService::removeFolder(FolderId id) {
  return d->store
      .write([id](Connection& connection) {
        Conversations(connection).removeFolder(id);
        return Nothing{};
      })
      .then(this, [this](const Outcome<Nothing>& removed) {
        if (removed) Q_EMIT foldersChanged();
        return removed;
      });
}

QFuture<Outcome<Nothing>> ChatService::moveToFolder(ConversationId id, FolderId folder) {
  return d->change(id, [id, folder](Conversations& c) { c.setFolder(id, folder); });
}

QFuture<void> ChatService::shutDown() {
  for (const QPointer<RunningAnswer>& answer : std::as_const(d->unsettled)) {
    if (answer) answer->interrupt();
  }
  d->running.clear();
  return d->store
      .write([](Connection& connection) {
        Conversations(connection).purgeRemoved();
        return Nothing{};
      })
      .then([](const Outcome<Nothing>&) {});
}

}  // namespace hadal
