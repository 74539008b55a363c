#include "ui/chat/chat_pane.h"

#include <QApplication>
#include <QBoxLayout>
#include <QClipboard>
#include <QJsonObject>
#include <QMenu>
#include <QPainter>
#include <QScrollBar>
#include <QTimer>

#include "app/language/engine_words.h"
#include "app/profile/profile.h"
#include "app/settings/settings.h"
#include "ui/chat/chat_header.h"
#include "ui/chat/composer.h"
#include "ui/chat/conversation_panel.h"
#include "ui/chat/empty_state.h"
#include "ui/chat/find_bar.h"
#include "ui/chat/model_menu.h"
#include "ui/chat/transcript_view.h"
#include "ui/theme/theme.h"
#include "ui/widgets/actions.h"
#include "ui/widgets/button.h"
#include "ui/widgets/column_box.h"
#include "ui/widgets/state_file.h"

namespace hadal::ui {

namespace {

constexpr int narrowPane = 960 - size::rail, mediumPane = 1200 - size::rail;
constexpr int draftDelay = 500, measureDelay = 350;

// The right side: header, banners and transcript above, the composer's column below.
class RightSide : public QWidget {
 public:
  using QWidget::QWidget;

 protected:
  void paintEvent(QPaintEvent*) override { QPainter(this).fillRect(rect(), colour(Role::Surface)); }
};

}  // namespace

ChatPane::ChatPane(const Services& services, StateFile& state, Actions& actions, QWidget* parent)
    : QWidget(parent), services_(services), state_(state), actions_(actions) {
  setObjectName(QStringLiteral("chatPane"));
  build();
  connectChat();
  connectComposer();
  connectTranscript();
  connect(&services_.inference, &InferenceService::statusChanged, this, &ChatPane::modelChanged);
  modelChanged(services_.inference.status());
  connect(&services_.profile, &Profile::noticeAdded, this, &ChatPane::showBanner);
  for (const QString& notice : services_.profile.notices()) showBanner(notice);
  retranslate();
  restore();
}

ChatPane::~ChatPane() = default;

void ChatPane::build() {
  splitter_ = new QSplitter(Qt::Horizontal, this);
  splitter_->setChildrenCollapsible(false);
  splitter_->setHandleWidth(1);
  panel_ = new ConversationPanel(services_.chat, splitter_);
  panel_->setMinimumWidth(200);
  right_ = new RightSide(splitter_);
  splitter_->addWidget(panel_);
  splitter_->addWidget(right_);
  splitter_->setStretchFactor(0, 0);
  splitter_->setStretchFactor(1, 1);
  connect(splitter_, &QSplitter::splitterMoved, this, [this](int position) { listWidth_ = position; });

  header_ = new ChatHeader(right_);
  find_ = new FindBar(right_);
  head_ = new ColumnBox(space::s, space::s, right_);
  banners_ = new NoticeStack(head_);
  head_->box().addWidget(banners_);
  head_->hide();
  connect(banners_, &NoticeStack::changed, this, [this] { head_->setVisible(!banners_->isEmpty()); });
  transcript_ = new TranscriptView(right_);
  transcript_->setObjectName(QStringLiteral("transcript"));
  empty_ = new EmptyState(right_);
  foot_ = new ColumnBox(space::xs, 14, right_);
  notices_ = new NoticeStack(foot_);
  notices_->setObjectName(QStringLiteral("notices"));
  connect(notices_, &NoticeStack::changed, this, &ChatPane::refreshActions);
  composer_ = new Composer(foot_);

  foot_->box().addWidget(notices_);
  foot_->box().addWidget(composer_);

  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(splitter_);
  auto* column = new QVBoxLayout(right_);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(header_);
  column->addWidget(find_);
  column->addWidget(head_);
  column->addWidget(transcript_, 1);
  column->addWidget(empty_, 1);
  column->addWidget(foot_);
  right_->setMinimumWidth(320);
}

void ChatPane::connectChat() {
  ChatService& chat = services_.chat;
  connect(&chat, &ChatService::messageAdded, this, &ChatPane::messageAdded);
  connect(&chat, &ChatService::messageResumed, this, [this](const Message& answer) {
    if (answer.conversation != current_.id) return;
    transcript_->finish(answer);
    refreshAnswering();
    Q_EMIT speedChanged(0, true);
  });
  connect(&chat, &ChatService::messageDelta, this, &ChatPane::deltaArrived);
  connect(&chat, &ChatService::messageThinking, this, &ChatPane::thinkingArrived);
  connect(&chat, &ChatService::messageFinished, this, &ChatPane::messageFinished);
  connect(&chat, &ChatService::promptProgress, transcript_, &TranscriptView::setPromptProgress);
  connect(&chat, &ChatService::conversationChanged, this, [this](const Conversation& changed) {
    if (changed.id == current_.id) setConversation(changed);
  });
  connect(&chat, &ChatService::conversationRemoved, this, [this](ConversationId id) {
    if (id != current_.id) return;
    QWidget* focused = QApplication::focusWidget();
    newChat();
    // Deleted from within the list: the next one may be meant as well.
    if (focused && panel_->isAncestorOf(focused)) focused->setFocus();
  });
  connect(&chat, &ChatService::storeFailed, this,
          [this](const QString& sentence) { showFailure(sentence, QStringLiteral("store")); });
  connect(&chat, &ChatService::answerKept, this, [this] { notices_->dismiss(QStringLiteral("store")); });
  connect(panel_, &ConversationPanel::listed, this, [this] { listed_ = true; });
  connect(panel_, &ConversationPanel::unreadable, this, [this](const QString& sentence) {
    if (listed_) {
      showFailure(sentence);
    } else {
      closeForGood(sentence);
    }
  });
  connect(panel_, &ConversationPanel::newChatWanted, this, &ChatPane::newChat);
  connect(panel_, &ConversationPanel::openWanted, this, &ChatPane::openConversation);
  connect(panel_, &ConversationPanel::renamed, this, &ChatPane::offerOldTitle);
  connect(panel_, &ConversationPanel::deleteWanted, this, &ChatPane::remove);
  connect(panel_, &ConversationPanel::failed, this, [this](const QString& sentence) { showFailure(sentence); });
  connect(panel_, &ConversationPanel::newDraftFound, this, [this](const QString& draft) {
    // The list is read again later; what is typed by then is newer than what was kept.
    if (std::exchange(newDraftKnown_, true)) return;
    newDraft_ = draft;
    if (current_.id == 0 && composer_->text().isEmpty()) composer_->setText(draft);
    for (const QString& question : std::exchange(handedEarly_, {})) takeQuestion(question, false);
  });
  panel_->reload();
}

void ChatPane::connectComposer() {
  draftLater_.setSingleShot(true);
  draftLater_.setInterval(draftDelay);
  measureLater_.setSingleShot(true);
  measureLater_.setInterval(measureDelay);
  connect(&draftLater_, &QTimer::timeout, this, &ChatPane::saveDraft);
  connect(&measureLater_, &QTimer::timeout, this, &ChatPane::measure);
  connect(composer_, &Composer::sent, this, &ChatPane::send);
  connect(composer_, &Composer::stopWanted, this, &ChatPane::stop);
  connect(composer_, &Composer::textChanged, this, &ChatPane::draftChanged);
  connect(composer_, &Composer::modelMenuWanted, this, &ChatPane::showModelMenu);
  connect(composer_, &Composer::editLastWanted, transcript_, &TranscriptView::editLast);
  connect(composer_->edit(), &GrowingEdit::undoWanted, this, &ChatPane::undoRemoval);
  connect(composer_->edit(), &GrowingEdit::paged, transcript_, [this](int direction) {
    transcript_->verticalScrollBar()->triggerAction(direction < 0 ? QAbstractSlider::SliderPageStepSub
                                                                  : QAbstractSlider::SliderPageStepAdd);
  });
  connect(&services_.inference, &InferenceService::promptMeasured, this, &ChatPane::promptMeasured);
  connect(empty_, &EmptyState::exampleChosen, this, &ChatPane::takeInsteadOfDraft);
  connect(empty_, &EmptyState::modelWanted, this, &ChatPane::chooseModelFile);
}

void ChatPane::connectTranscript() {
  connect(transcript_, &TranscriptView::actionWanted, this, &ChatPane::act);
  connect(transcript_, &TranscriptView::edited, this,
          [this](MessageId id, const QString& text) { report(services_.chat.editAndAsk(id, text)); });
  connect(transcript_, &TranscriptView::editingEnded, this, &ChatPane::focusComposer);
  connect(transcript_, &TranscriptView::branchWanted, this, [this](MessageId id, int step) {
    services_.chat.switchBranch(id, step).then(this, [this](const Outcome<Transcript>& switched) {
      if (!switched) {
        showFailure(switched.error);
      } else if (switched->conversation.id == current_.id) {
        showTranscript(*switched, 0);
      }
    });
  });
  connect(header_, &ChatHeader::findWanted, this, &ChatPane::findHere);
  connect(header_, &ChatHeader::listWanted, this, [this] { panel_->setVisible(!panel_->isVisible()); });
  connect(header_, &ChatHeader::menuWanted, this, [this](const QPoint& global) {
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    for (const auto* id : {"chat.rename", "chat.pin", "chat.copy", "chat.regenerate"})
      menu->addAction(actions_.find(QLatin1String(id)));
    menu->addSeparator();
    menu->addAction(actions_.find(QStringLiteral("chat.delete")));
    menu->popup(global - QPoint(menu->sizeHint().width(), 0));
  });
  connect(find_, &FindBar::changed, transcript_, &TranscriptView::setNeedle);
  connect(find_, &FindBar::stepped, transcript_, &TranscriptView::stepMatch);
  connect(find_, &FindBar::closed, this, [this] {
    transcript_->setNeedle({});
    focusComposer();
  });
  connect(transcript_, &TranscriptView::matchesChanged, find_, &FindBar::setCount);
}

void ChatPane::act(TurnAction action, MessageId id) {
  const Message* message = transcript_->find(id);
  switch (action) {
    case TurnAction::Regenerate:
      report(services_.chat.regenerate(id));
      break;
    case TurnAction::Continue:
      report(services_.chat.continueAnswer(id));
      break;
    case TurnAction::AnswerNow:
      services_.chat.answerNow(id);
      break;
    case TurnAction::ChooseModel:
      chooseModelFile();
      break;
    case TurnAction::ChangeContext:
      Q_EMIT settingsWanted();
      break;
    case TurnAction::AskInNewChat: {
      const Message* question = message ? transcript_->find(message->parent) : nullptr;
      if (question) intoNewChat(question->content);
      break;
    }
    case TurnAction::EditQuestion:
      break;  // The transcript sees to it.
  }
}

void ChatPane::retranslate() {
  if (current_.id == 0) header_->setTitle(tr("New chat"), false);
  modelChanged(services_.inference.status());
}

// ---- which conversation -------------------------------------------------------------------------------------------

void ChatPane::newChat() {
  rememberScroll();
  saveDraft();
  ++opening_;
  current_ = {};
  adopting_ = draftApart_ = false;
  transcript_->clear();
  notices_->dismiss(QStringLiteral("context"));
  panel_->setOpen(0);
  header_->setTitle(tr("New chat"), false);
  composer_->setText(newDraft_);
  state_.set(QStringLiteral("conversation"), 0);
  Q_EMIT titleChanged({});
  Q_EMIT speedChanged(0, false);
  refreshEmpty();
  refreshAnswering();
  refreshContext();
  focusComposer();
}

void ChatPane::openConversation(ConversationId id, MessageId message) {
  if (id == current_.id && id != 0) {
    if (message != 0) transcript_->showMessage(message);
    return;
  }
  rememberScroll();
  saveDraft();
  const quint64 ticket = ++opening_;
  services_.chat.open(id).then(this, [this, ticket, message](const Outcome<Transcript>& opened) {
    if (ticket != opening_) return;
    if (!opened) {
      showFailure(opened.error);
      return;
    }
    adopting_ = draftApart_ = false;
    showTranscript(*opened, message);
    // What was read may be older than what was typed here and is still being written.
    current_.draft = drafts_.value(current_.id, opened->conversation.draft);
    composer_->setText(current_.draft);
    draftLater_.stop();
    focusComposer();
  });
}

void ChatPane::showTranscript(const Transcript& transcript, MessageId message) {
  const bool same = transcript.conversation.id == current_.id;
  const QJsonObject here = transcript_->place();
  setConversation(transcript.conversation);
  QList<Message> messages = transcript.messages;
  if (const auto running = services_.chat.answering(current_.id)) {
    for (Message& shown : messages) {
      if (shown.id == running->id) shown = *running;
    }
  }
  transcript_->setTranscript(messages);
  const QJsonObject places = state_.value(QStringLiteral("scroll")).toObject();
  const QJsonObject kept = places.value(QString::number(current_.id)).toObject();
  if (message != 0) {
    transcript_->showMessage(message);
  } else if (same) {
    transcript_->setPlace(here);
  } else if (!kept.isEmpty()) {
    transcript_->setPlace(kept);
  }
  panel_->setOpen(current_.id);
  state_.set(QStringLiteral("conversation"), current_.id);
  if (find_->isVisible()) transcript_->setNeedle(find_->text());
  const auto answer = std::find_if(transcript.messages.rbegin(), transcript.messages.rend(),
                                   [](const Message& m) { return m.role == hadal::MessageRole::Assistant; });
  Q_EMIT speedChanged(answer != transcript.messages.rend() ? answer->tokensPerSecond : 0,
                      services_.chat.isAnswering(current_.id));
  refreshEmpty();
  refreshAnswering();
  refreshContext();
}

void ChatPane::setConversation(const Conversation& conversation) {
  current_ = conversation;
  header_->setTitle(conversation.title, true);
  Q_EMIT titleChanged(conversation.title);
}

void ChatPane::restore() {
  listWidth_ = state_.value(QStringLiteral("splitter")).toInt();
  if (listWidth_ >= panel_->minimumWidth()) splitter_->setSizes({listWidth_, 4096});
  const auto id = state_.value(QStringLiteral("conversation")).toInteger();
  newChat();
  if (id != 0) openConversation(id);
}

void ChatPane::saveState() {
  rememberScroll();
  saveDraft();
  if (listWidth_ > 0) state_.set(QStringLiteral("splitter"), listWidth_);
  state_.set(QStringLiteral("conversation"), current_.id);
}

void ChatPane::rememberScroll() {
  if (current_.id == 0) return;
  constexpr qsizetype kept = 64;
  QJsonObject places = state_.value(QStringLiteral("scroll")).toObject();
  const QJsonObject place = transcript_->place();
  if (place.isEmpty()) {
    places.remove(QString::number(current_.id));
  } else {
    places.insert(QString::number(current_.id), place);
  }
  while (places.size() > kept) places.erase(places.begin());
  state_.set(QStringLiteral("scroll"), places);
}

QList<Conversation> ChatPane::conversations() const {
  return panel_->model().conversations();
}

// ---- asking -------------------------------------------------------------------------------------------------------

void ChatPane::send(const QString& text) {
  const ModelStatus& model = services_.inference.status();
  if (toSend_ == text) return;
  toSend_.clear();
  if (model.state != ModelStatus::State::Ready) return ask(text);
  if (measuredText_ == text && measured_ >= 0)
    return measured_ < model.contextLength ? ask(text) : holdBack(text, measured_);
  // Sent before it was counted: it waits for that.
  measureLater_.stop();
  measure();
  if (measureTicket_ == 0) return ask(text);
  toSend_ = text;
}

void ChatPane::promptMeasured(quint64 ticket, int tokens) {
  const int total = services_.inference.status().contextLength;
  if (ticket != 0 && ticket == aloneTicket_) {
    aloneTicket_ = 0;
    showTooLong(heldBack_, heldBackTokens_, tokens >= 0 && tokens < total);
    return;
  }
  if (ticket != measureTicket_) return;
  const QString waiting = std::exchange(toSend_, {});
  if (tokens >= 0) {
    measured_ = tokens;
    showContext(tokens);
    if (tokens < total) notices_->dismiss(QStringLiteral("context"));
  }
  if (waiting.isEmpty()) return;
  if (tokens < 0 || tokens < total) {
    ask(waiting);
  } else {
    holdBack(waiting, tokens);
  }
}

void ChatPane::ask(const QString& text) {
  composer_->setText({});
  draftLater_.stop();
  if (current_.id == 0) newDraft_.clear();
  drafts_.remove(current_.id);
  askIn(current_.id, text);
}

// In a new chat, past what is typed for one: the service takes the kept draft for the question and forgets it.
void ChatPane::askApart(const QString& text) {
  newChat();
  draftApart_ = !composer_->text().isEmpty();
  askIn(0, text);
  if (draftApart_) report(services_.chat.setDraft(0, composer_->text()));
}

void ChatPane::askIn(ConversationId id, const QString& text) {
  notices_->dismiss(QStringLiteral("context"));
  notices_->dismiss(QStringLiteral("failure"));
  notices_->dismiss(QStringLiteral("store"));
  const quint64 ticket = opening_;
  adopting_ = id == 0;
  asked_ = text;
  services_.chat.ask(id, text).then(this, [this, text, ticket](const Outcome<Message>& answer) {
    if (ticket == opening_) adopting_ = false;
    if (answer) {
      refreshAnswering();
      return;
    }
    // What was typed must not be lost because it could not be kept.
    if (ticket == opening_ && composer_->text().isEmpty()) {
      composer_->setText(text);
    } else {
      offerInsteadOfDraft(text);
    }
    showFailure(answer.error);
  });
}

void ChatPane::stop() {
  if (current_.id != 0) services_.chat.stop(current_.id);
}

void ChatPane::regenerateLast() {
  if (const Message* answer = transcript_->last(hadal::MessageRole::Assistant))
    report(services_.chat.regenerate(answer->id));
}

void ChatPane::messageAdded(const Message& message) {
  // The first question of a new chat: now the chat is there.
  if (adopting_ && current_.id == 0 && message.role == hadal::MessageRole::User && message.content == asked_) {
    adopting_ = false;
    const Conversation* made = panel_->model().find(message.conversation);
    Conversation conversation = made ? *made : Conversation();
    conversation.id = message.conversation;
    setConversation(conversation);
    if (std::exchange(draftApart_, false)) {
      newDraft_ = composer_->text();
      report(services_.chat.setDraft(0, newDraft_));
      composer_->setText({});
      draftLater_.stop();
    }
  }
  if (message.conversation != current_.id) return;
  state_.set(QStringLiteral("conversation"), current_.id);
  panel_->setOpen(current_.id);
  transcript_->append(message);
  refreshEmpty();
  refreshAnswering();
  if (message.role == hadal::MessageRole::Assistant) {
    Q_EMIT speedChanged(0, true);
  }
}

void ChatPane::deltaArrived(MessageId answer, const QString& text) {
  transcript_->appendDelta(answer, text);
  const auto running = services_.chat.answering(current_.id);
  if (running && running->id == answer) showFigures(*running);
}

void ChatPane::thinkingArrived(MessageId answer, const QString& text) {
  const auto running = services_.chat.answering(current_.id);
  if (!running || running->id != answer) return;
  transcript_->appendThinking(answer, text, running->thinkingSeconds);
  showFigures(*running);
}

void ChatPane::showFigures(const Message& running) {
  Q_EMIT speedChanged(running.tokensPerSecond, true);
  showContext(running.promptTokens + running.tokens);
}

void ChatPane::messageFinished(const Message& message) {
  if (message.conversation != current_.id) return;
  transcript_->finish(message);
  Q_EMIT speedChanged(message.tokensPerSecond, false);
  refreshAnswering();
  measureLater_.start();
}

void ChatPane::refreshAnswering() {
  composer_->setAnswering(current_.id != 0 && services_.chat.isAnswering(current_.id));
  refreshPlaceholder();
  refreshActions();
}

void ChatPane::refreshEmpty() {
  const bool empty = transcript_->isEmpty();
  empty_->setVisible(empty);
  transcript_->setVisible(!empty);
}

void ChatPane::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  const bool wide = width() >= narrowPane;
  if (wide != wide_) {
    wide_ = wide;
    panel_->setVisible(wide);
    header_->setListHidden(!wide);
  }
  // Until the person drags it, the list is as wide as suits the window.
  if (listWidth_ == 0) splitter_->setSizes({width() < mediumPane ? size::sideListNarrow : size::sideList, 4096});
}

void ChatPane::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) retranslate();
}

}  // namespace hadal::ui
