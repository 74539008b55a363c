#pragma once

#include <QSplitter>
#include <QTimer>

#include "app/chat/chat_service.h"
#include "app/inference/inference_service.h"
#include "app/services.h"
#include "ui/chat/turn.h"
#include "ui/widgets/notice.h"

namespace hadal::ui {

class Actions;
class ChatHeader;
class Composer;
class ConversationPanel;
class EmptyState;
class ColumnBox;
class FindBar;
class StateFile;
class TranscriptView;

/// The chat pane: list at the left, the open conversation at the right. Talks to ChatService; the widgets in it know
/// nothing of services.
class ChatPane : public QWidget {
  Q_OBJECT
 public:
  ChatPane(const Services& services, StateFile& state, Actions& actions, QWidget* parent = nullptr);
  ~ChatPane() override;

  void newChat();
  void openConversation(ConversationId id, MessageId message = 0);
  /// A question from outside. It never takes the place of what the person has typed.
  void takeQuestion(const QString& text, bool send);
  void stop();
  void regenerateLast();
  void renameCurrent();
  void pinCurrent();
  void copyCurrent();
  void deleteCurrent();
  /// Brings back the chat that was deleted last, while that is offered.
  void undoRemoval();
  void findHere();
  void searchEverywhere();
  void focusComposer();
  void chooseModelFile();
  void chooseModelFolder();
  /// The menu of models, above this point.
  void showModelMenu(const QPoint& global);
  void useModel(const QString& file);
  void saveState();
  QList<Conversation> conversations() const;
  /// Enables exactly the actions that would do something now.
  void refreshActions();

 Q_SIGNALS:
  void titleChanged(const QString& title);
  void contextChanged(int used, int total);
  void speedChanged(double speed, bool streaming);
  void settingsWanted();
  void expertsWanted();

 protected:
  void resizeEvent(QResizeEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  void build();
  void connectChat();
  void connectComposer();
  void connectTranscript();
  void retranslate();
  void restore();

  void send(const QString& text);
  void promptMeasured(quint64 ticket, int tokens);
  void act(TurnAction action, MessageId message);
  /// Asks in the open chat and takes the text out of the composer.
  void ask(const QString& text);
  /// Asks in a new chat without touching the draft of one.
  void askApart(const QString& text);
  void askIn(ConversationId id, const QString& text);
  void intoNewChat(const QString& text);
  void offerInsteadOfDraft(const QString& text);
  void takeInsteadOfDraft(const QString& text);
  void showTranscript(const Transcript& transcript, MessageId message);
  void setConversation(const Conversation& conversation);
  void messageAdded(const Message& message);
  void messageFinished(const Message& message);
  void deltaArrived(MessageId answer, const QString& text);
  void thinkingArrived(MessageId answer, const QString& text);
  void showFigures(const Message& running);
  void refreshAnswering();
  void refreshEmpty();
  void refreshPlaceholder();
  void remove(ConversationId id);
  void offerOldTitle(ConversationId id, const QString& before);
  void rememberScroll();

  void modelChanged(const ModelStatus& status);
  ContextRoom contextRoom() const;
  void tellOfTemplate(const ModelStatus& status);
  void rememberModel(const QString& path);
  void measure();
  QList<PromptMessage> systemPrompt() const;
  void refreshContext();
  void showContext(int used);
  void draftChanged();
  void saveDraft();
  void showFailure(const QString& sentence, const QString& key = QStringLiteral("failure"));
  void showBanner(const QString& sentence);
  /// The database cannot be opened, so nothing can be asked in this run.
  void closeForGood(const QString& sentence);
  /// Counts the question alone, to know whether a new chat would help; then says it.
  void holdBack(const QString& text, int tokens);
  void showTooLong(const QString& text, int tokens, bool fitsAlone);
  /// Shows why, if it failed.
  template <class T>
  void report(QFuture<Outcome<T>> future) {
    future.then(this, [this](const Outcome<T>& outcome) {
      if (!outcome) showFailure(outcome.error);
      refreshAnswering();
    });
  }

  Services services_;
  StateFile& state_;
  Actions& actions_;
  QSplitter* splitter_;
  ConversationPanel* panel_;
  QWidget* right_;
  ChatHeader* header_;
  FindBar* find_;
  TranscriptView* transcript_;
  EmptyState* empty_;
  ColumnBox* head_;
  ColumnBox* foot_;
  NoticeStack* notices_;
  NoticeStack* banners_;
  Composer* composer_;

  Conversation current_;                   ///< id 0: a chat that is not there yet.
  quint64 opening_ = 0;                    ///< Counts up, so that a slow answer to an earlier click is ignored.
  QString newDraft_;                       ///< Typed into a chat that is not there yet.
  QHash<ConversationId, QString> drafts_;  ///< Typed since the program started.
  bool newDraftKnown_ = false;             ///< It was read from the store.
  QStringList handedEarly_;                ///< Came before that.
  int offers_ = 0;
  QString toldOfTemplate_;  ///< The model's file.
  QString asked_;
  bool adopting_ = false;    ///< The first question of a new chat is on its way ...
  bool draftApart_ = false;  ///< ... and what the composer holds is not part of that chat.
  QTimer draftLater_, measureLater_;
  quint64 measureTicket_ = 0;
  int measured_ = -1;
  QString measuredText_;
  QString toSend_;           ///< Enter was pressed; it is sent as soon as it is counted.
  quint64 aloneTicket_ = 0;  ///< Counts heldBack_ without the chat before it.
  QString heldBack_;
  int heldBackTokens_ = 0;
  QString closed_;  ///< Why the database cannot be opened; empty: it is open, or not tried yet.
  bool listed_ = false;
  ConversationId removed_ = 0;  ///< Deleted last.
  bool wide_ = true;
  int listWidth_ = 0;  ///< As the person dragged it; 0: never.
};

}  // namespace hadal::ui
