#pragma once

#include <QDateTime>
#include <QList>
#include <QMetaType>
#include <QString>
#include <optional>

namespace hadal {

/// Row ids of the store; 0 means "none".
using ConversationId = qint64;
using MessageId = qint64;
using FolderId = qint64;

struct Folder {
  FolderId id = 0;
  QString name;
};

struct Conversation {
  ConversationId id = 0;
  QString title;
  FolderId folder = 0;
  bool pinned = false;
  QDateTime created;
  QDateTime updated;
  QString draft;       ///< Text typed and not yet sent.
  MessageId leaf = 0;  ///< End of the branch that is shown.
};

enum class MessageRole { System, User, Assistant };

/// Stored as the lower-case word.
enum class MessageState {
  Streaming,  ///< Being computed now. Found at start-up it becomes Interrupted.
  Done,
  Stopped,      ///< By the person.
  Failed,       ///< `error` says why.
  Interrupted,  ///< The program ended before the answer did.
};

/// Why an answer failed, for the program: what it can offer beside the sentence. Stored as words with underscores.
enum class MessageProblem {
  None,
  PromptTooLong,  ///< Nothing was computed: raise the context, begin a new chat, or shorten the question.
  ContextFull,    ///< The answer so far fills the context: raise it, or go on in a new chat.
  NoModel,        ///< Choose or add one.
  ModelFailed,    ///< `error` says why; choosing another model helps.
};

/// What one question asks for besides the settings.
struct AskOptions {
  std::optional<quint64> seed;  ///< The same seed, prompt and model give the same answer.
  int maxTokens = 0;            ///< The answer is complete after so many; 0: no limit but the context.
};

struct Message {
  MessageId id = 0;
  ConversationId conversation = 0;
  MessageId parent = 0;  ///< Messages form a tree; siblings are branches.
  MessageRole role = MessageRole::User;
  QString content;
  QString thinking;            ///< Reasoning, kept apart from the answer.
  double thinkingSeconds = 0;  ///< It took so long.
  MessageState state = MessageState::Done;
  QString error;  ///< MessageState::Failed: why, as a sentence.
  MessageProblem problem = MessageProblem::None;
  QString model;  ///< Name of the model that answered.
  int promptTokens = 0;
  int tokens = 0;
  double tokensPerSecond = 0;
  double firstTokenSeconds = 0;
  QDateTime created;
  int branch = 1;    ///< 1-based place among its siblings ...
  int branches = 1;  ///< ... of which there are so many.
};

/// The branch of a conversation that is shown, oldest message first.
struct Transcript {
  Conversation conversation;
  QList<Message> messages;
};

struct ConversationList {
  QList<Folder> folders;
  QList<Conversation> conversations;  ///< Newest first.
  QString newDraft;                   ///< Typed into a chat that does not exist yet: setDraft(0, ...).
};

struct SearchHit {
  Conversation conversation;
  MessageId message = 0;  ///< 0: the title matched.
  QString snippet;        ///< Plain text; matches between U+0002 and U+0003.
};

}  // namespace hadal

Q_DECLARE_METATYPE(hadal::Conversation)
Q_DECLARE_METATYPE(hadal::Message)
