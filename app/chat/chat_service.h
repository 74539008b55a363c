#pragma once

#include <QFuture>
#include <QObject>
#include <memory>
#include <optional>

#include "app/chat/chat_types.h"
#include "app/outcome.h"

namespace hadal {

class InferenceService;
class Settings;
class Store;

/// Conversations: asking, streaming, keeping. Lives in the GUI thread and never blocks it: everything that reads or
/// writes returns a future, and changes are announced by signals whoever made them.
class ChatService : public QObject {
  Q_OBJECT
 public:
  ChatService(Store& store, InferenceService& inference, Settings& settings, QObject* parent = nullptr);
  ~ChatService() override;

  QFuture<Outcome<ConversationList>> list();
  QFuture<Outcome<QList<SearchHit>>> search(const QString& text);
  QFuture<Outcome<Transcript>> open(ConversationId id);

  /// Commits the question and an empty answer in one transaction, then starts to compute. `conversation` 0 makes a new
  /// one titled after the question. `parent` 0 continues at the leaf. The value is the answer's message.
  QFuture<Outcome<Message>> ask(ConversationId conversation, const QString& text, MessageId parent = 0,
                                const AskOptions& options = {});
  /// A further answer to the same question, as a sibling branch.
  QFuture<Outcome<Message>> regenerate(MessageId answer);
  /// Goes on with an answer that was stopped, interrupted or cut off by the context, in the same message: what the
  /// model says next is appended, to the thinking if the answer had not begun. messageResumed announces it. Only for
  /// the last message of a branch.
  QFuture<Outcome<Message>> continueAnswer(MessageId answer);
  /// The question in another wording, as a sibling branch, and its answer.
  QFuture<Outcome<Message>> editAndAsk(MessageId question, const QString& text);
  void stop(ConversationId conversation);
  /// Ends the thinking of an answer that is being computed: the answer itself comes next, in the same message.
  void answerNow(MessageId answer);
  bool isAnswering(ConversationId conversation) const;
  /// The answer that is being computed, with all its text so far. Take the text from here when a transcript arrives:
  /// further pieces may have come while it was read.
  std::optional<Message> answering(ConversationId conversation) const;

  /// Shows the sibling `step` places from `message` (-1 previous, +1 next) and what follows it.
  QFuture<Outcome<Transcript>> switchBranch(MessageId message, int step);

  QFuture<Outcome<Nothing>> rename(ConversationId id, const QString& title);
  QFuture<Outcome<Nothing>> setPinned(ConversationId id, bool pinned);
  /// `id` 0: of the chat that does not exist yet. Asking clears the draft.
  QFuture<Outcome<Nothing>> setDraft(ConversationId id, const QString& draft);
  /// Gone from the list at once; kept until the program ends, so that restore() can undo it.
  QFuture<Outcome<Nothing>> remove(ConversationId id);
  QFuture<Outcome<Nothing>> restore(ConversationId id);

  QFuture<Outcome<Folder>> addFolder(const QString& name);
  QFuture<Outcome<Nothing>> renameFolder(FolderId id, const QString& name);
  /// Its conversations stay, outside of any folder.
  QFuture<Outcome<Nothing>> removeFolder(FolderId id);
  QFuture<Outcome<Nothing>> moveToFolder(ConversationId id, FolderId folder);

  /// Stops every answer and keeps what has come so far; `shutDown` is done once it is in the store. For the program's
  /// end.
  QFuture<void> shutDown();

 Q_SIGNALS:
  void conversationChanged(const hadal::Conversation& conversation);  ///< New ones too.
  void conversationRemoved(hadal::ConversationId id);
  void foldersChanged();
  void messageAdded(const hadal::Message& message);
  void messageResumed(const hadal::Message& answer);  ///< Is streaming again; further text is appended.
  void promptProgress(hadal::MessageId answer, int done, int total);
  void messageDelta(hadal::MessageId answer, const QString& text);
  void messageThinking(hadal::MessageId answer, const QString& text);
  void messageFinished(const hadal::Message& answer);  ///< In its final state.
  /// A write failed (full disk, read-only profile): a sentence that says what was not kept.
  void storeFailed(const QString& sentence);
  /// An answer's end is in the store, at once or after storeFailed.
  void answerKept();

 private:
  struct Private;
  std::unique_ptr<Private> d;
};

}  // namespace hadal
