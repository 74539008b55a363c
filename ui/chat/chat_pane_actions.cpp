#include <QApplication>
#include <QClipboard>
#include <QJsonArray>

#include "app/inference/model_search.h"
#include "app/language/engine_words.h"
#include "app/profile/profile.h"
#include "app/settings/settings.h"
#include "ui/chat/chat_pane.h"
#include "ui/chat/composer.h"
#include "ui/chat/conversation_panel.h"
#include "ui/chat/empty_state.h"
#include "ui/chat/find_bar.h"
#include "ui/chat/model_menu.h"
#include "ui/chat/transcript_view.h"
#include "ui/widgets/actions.h"
#include "ui/widgets/button.h"
#include "ui/widgets/state_file.h"

// The chat pane's other half: what can be done with the open conversation, and the model.

namespace hadal::ui {

namespace {

/// In the window's state: paths of models that were loaded, the newest first.
const QString kRecentModels = QStringLiteral("recentModels");

QString asMarkdown(const QString& title, const QList<Message>& messages) {
  QString text = QStringLiteral("# ") + title + QStringLiteral("\n");
  for (const Message& message : messages) {
    if (message.role == hadal::MessageRole::System) continue;
    const QString who = message.role == hadal::MessageRole::User ? ChatPane::tr("You") : ChatPane::tr("Answer");
    text += QStringLiteral("\n## %1\n\n%2\n").arg(who, message.content);
  }
  return text;
}

}  // namespace

// ---- what can be done with the open one -----------------------------------------------------------------------------

void ChatPane::renameCurrent() {
  if (current_.id != 0) panel_->rename(current_.id);
}

void ChatPane::pinCurrent() {
  if (current_.id != 0) report(services_.chat.setPinned(current_.id, !current_.pinned));
}

void ChatPane::copyCurrent() {
  if (current_.id != 0) QApplication::clipboard()->setText(asMarkdown(current_.title, transcript_->messages()));
}

void ChatPane::deleteCurrent() {
  if (current_.id != 0) remove(current_.id);
}

void ChatPane::remove(ConversationId id) {
  const Conversation* found = panel_->model().find(id);
  const QString title = found ? found->title : QString();
  services_.chat.remove(id).then(this, [this, id, title](const Outcome<Nothing>& done) {
    if (!done) {
      showFailure(done.error);
      return;
    }
    Notice* notice = notices_->show(QStringLiteral("removed"), Notice::Kind::Info, tr("“%1” was deleted.").arg(title));
    notice->setClosable(true);
    removed_ = id;
    connect(notice->addAction(tr("Undo")), &Button::clicked, this, &ChatPane::undoRemoval);
  });
}

void ChatPane::undoRemoval() {
  if (!notices_->find(QStringLiteral("removed"))) return;
  notices_->dismiss(QStringLiteral("removed"));
  services_.chat.restore(removed_).then(this, [this, id = removed_](const Outcome<Nothing>& restored) {
    if (restored) {
      openConversation(id);
    } else {
      showFailure(restored.error);
    }
  });
}

void ChatPane::offerOldTitle(ConversationId id, const QString& before) {
  Notice* notice =
      notices_->show(QStringLiteral("renamed"), Notice::Kind::Info, tr("“%1” has a new name.").arg(before));
  notice->setClosable(true);
  connect(notice->addAction(tr("Undo")), &Button::clicked, this, [this, id, before] {
    notices_->dismiss(QStringLiteral("renamed"));
    report(services_.chat.rename(id, before));
  });
}

void ChatPane::refreshActions() {
  const bool open = current_.id != 0;
  const bool answering = open && services_.chat.isAnswering(current_.id);
  const Settings& settings = services_.settings;
  using State = ModelStatus::State;
  const State model = services_.inference.status().state;
  const std::pair<const char*, bool> table[] = {
      {"chat.find", open},
      {"chat.stop", answering},
      {"chat.regenerate", open && !answering && transcript_->last(hadal::MessageRole::Assistant)},
      {"chat.rename", open},
      {"chat.pin", open},
      {"chat.copy", open && !transcript_->isEmpty()},
      {"chat.delete", open},
      {"chat.undo", notices_->find(QStringLiteral("removed")) != nullptr},
      {"model.choose", !settings.isLocked(QLatin1String(setting::modelFile))},
      {"model.folder", !settings.isLocked(QLatin1String(setting::modelFile))},
      {"experts", services_.inference.status().experts > 0},
      {"model.unload", model == State::Ready || model == State::Loading},
  };
  for (const auto& [id, possible] : table) {
    // While the window is being built, its actions are not there yet.
    if (QAction* action = actions_.find(QLatin1String(id))) action->setEnabled(possible);
  }
}

void ChatPane::findHere() {
  if (current_.id != 0) find_->open();
}

void ChatPane::searchEverywhere() {
  panel_->show();
  panel_->focusSearch();
}

void ChatPane::focusComposer() {
  composer_->edit()->setFocus(Qt::OtherFocusReason);
}

// ---- model, context -----------------------------------------------------------------------------------------

void ChatPane::modelChanged(const ModelStatus& status) {
  composer_->setModel(status);
  empty_->setModel(status);
  using State = ModelStatus::State;
  refreshPlaceholder();
  if (status.state == State::Failed) {
    Notice* notice = notices_->show(QStringLiteral("model"), Notice::Kind::Danger, engineWords(status.error));
    connect(notice->addAction(tr("Choose another model")), &Button::clicked, this, &ChatPane::chooseModelFile);
  } else {
    notices_->dismiss(QStringLiteral("model"));
  }
  tellOfTemplate(status);
  transcript_->setWaitingForModel(status.state == State::Loading);
  transcript_->setContextRoom(contextRoom());
  refreshActions();
  if (status.state != State::Ready) return;
  rememberModel(status.path);
  measureLater_.start();
}

/// A context longer than the model was made for is not used, and a policy may forbid to change it.
ContextRoom ChatPane::contextRoom() const {
  const ModelStatus& status = services_.inference.status();
  if (status.state != ModelStatus::State::Ready) return {};
  const bool fixed = services_.settings.isLocked(QLatin1String(setting::contextLength));
  return {status.contextLength, fixed ? status.contextLength : status.trainedContext};
}

// Once for each model, and in the language of now as long as it is there.
void ChatPane::tellOfTemplate(const ModelStatus& status) {
  const QString key = QStringLiteral("template");
  const bool standsIn = status.state == ModelStatus::State::Ready && status.chatTemplate.builtIn;
  if (!standsIn) return notices_->dismiss(key);
  if (std::exchange(toldOfTemplate_, status.path) == status.path && !notices_->find(key)) return;
  notices_
      ->show(key, Notice::Kind::Info,
             tr("%1 brings no chat template that can be used, so Hadal's own “%2” stands in. If its answers look odd, "
                "get a newer copy of this model.")
                 .arg(status.name, status.chatTemplate.name))
      ->setClosable(true);
}

void ChatPane::refreshPlaceholder() {
  const auto state = services_.inference.status().state;
  const bool none = state == ModelStatus::State::NoModel || state == ModelStatus::State::Failed;
  const bool answering = current_.id != 0 && services_.chat.isAnswering(current_.id);
  if (!closed_.isEmpty())
    return composer_->setSendingPossible(false, tr("Nothing can be asked in this profile"), closed_);
  composer_->setSendingPossible(!none, answering          ? tr("Esc stops the answer")
                                       : none             ? tr("Choose a model first, or drop a model here")
                                       : current_.id != 0 ? tr("Ask on, or drop a model here")
                                                          : QString());
}

void ChatPane::useModel(const QString& file) {
  const QString key = QLatin1String(setting::modelFile);
  if (services_.settings.isLocked(key)) {
    showFailure(tr("The model is set by your administrator."));
    return;
  }
  // The program loads it, and keeps the choice once that has worked.
  services_.settings.setValue(key, file);
}

void ChatPane::chooseModelFile() {
  pickModelFile(this, services_.inference.status().path, [this](const QString& file) { useModel(file); });
}

void ChatPane::chooseModelFolder() {
  pickModelFolder(this, services_.inference.status().path, [this](const QString& folder) { useModel(folder); });
}

// The newest first.
void ChatPane::rememberModel(const QString& path) {
  constexpr qsizetype most = 8;
  const QJsonArray before = state_.value(kRecentModels).toArray();
  if (!before.isEmpty() && before.first() == path) return;
  QJsonArray recent{path};
  for (const QJsonValue& old : before) {
    if (old != path && recent.size() < most) recent.append(old);
  }
  state_.set(kRecentModels, recent);
}

void ChatPane::showModelMenu(const QPoint& global) {
  ModelMenu menu;
  menu.status = services_.inference.status();
  for (const QJsonValue& path : state_.value(kRecentModels).toArray()) menu.recent << path.toString();
  menu.folders = ModelSearch::standardFolders(services_.profile.folder());
  menu.locked = services_.settings.isLocked(QLatin1String(setting::modelFile));
  menu.use = [this](const QString& path) { useModel(path); };
  menu.chooseFile = [this] { chooseModelFile(); };
  menu.chooseFolder = [this] { chooseModelFolder(); };
  menu.showExperts = [this] { Q_EMIT expertsWanted(); };
  popUpModelMenu(this, global, std::move(menu));
}

void ChatPane::showContext(int used) {
  const int total = services_.inference.status().contextLength;
  composer_->setContext(used, total);
  Q_EMIT contextChanged(used, total);
}

// Another chat: its own figure at once, as far as it is known, and the exact one as soon as it is counted.
void ChatPane::refreshContext() {
  measureTicket_ = aloneTicket_ = 0;
  toSend_.clear();
  measured_ = -1;
  measureLater_.stop();
  const Message* answer = transcript_->last(hadal::MessageRole::Assistant);
  if (const auto running = services_.chat.answering(current_.id)) {
    showContext(running->promptTokens + running->tokens);
    return;
  }
  showContext(transcript_->isEmpty() ? 0 : answer && answer->tokens > 0 ? answer->promptTokens + answer->tokens : -1);
  measure();
}

QList<PromptMessage> ChatPane::systemPrompt() const {
  const QString system = services_.settings.value(QLatin1String(setting::systemPrompt)).toString();
  if (system.isEmpty()) return {};
  return {PromptMessage{hadal::MessageRole::System, system}};
}

void ChatPane::measure() {
  measureTicket_ = 0;
  if (services_.inference.status().state != ModelStatus::State::Ready) return;
  if (current_.id != 0 && services_.chat.isAnswering(current_.id)) return;  // Counted with every piece that comes.
  QList<PromptMessage> prompt = systemPrompt();
  for (const Message& message : transcript_->messages()) {
    prompt << PromptMessage{message.role, message.content, message.thinking};
  }
  measuredText_ = composer_->text().trimmed();
  if (!measuredText_.isEmpty()) prompt << PromptMessage{hadal::MessageRole::User, measuredText_};
  measured_ = -1;
  if (prompt.isEmpty()) {
    showContext(0);
    return;
  }
  measureTicket_ = services_.inference.measure(prompt);
}

void ChatPane::showFailure(const QString& sentence, const QString& key) {
  // What a banner says already is not said again.
  if (sentence.isEmpty() || services_.profile.notices().contains(sentence)) return;
  notices_->show(key, Notice::Kind::Danger, sentence)->setClosable(true);
}

// What the person has to know about this run stays until it is put away; that nothing is kept stays for good.
void ChatPane::showBanner(const QString& sentence) {
  const bool readOnly = services_.profile.accessMode() == Profile::Access::ReadOnly;
  banners_->show(sentence, Notice::Kind::Warning, sentence)->setClosable(!readOnly && sentence != closed_);
}

// Without a database there is nothing to ask in, whatever is put away.
void ChatPane::closeForGood(const QString& sentence) {
  closed_ = sentence;
  showBanner(sentence);
  refreshPlaceholder();
}

void ChatPane::holdBack(const QString& text, int tokens) {
  heldBack_ = text;
  heldBackTokens_ = tokens;
  if (current_.id == 0) return showTooLong(text, tokens, false);
  aloneTicket_ = services_.inference.measure(systemPrompt() << PromptMessage{hadal::MessageRole::User, text});
}

void ChatPane::showTooLong(const QString& text, int tokens, bool fitsAlone) {
  const ModelStatus& model = services_.inference.status();
  const int total = model.contextLength;
  Notice* notice = notices_->show(
      QStringLiteral("context"), Notice::Kind::Warning,
      (current_.id == 0 ? tr("This question takes %L1 tokens; the context holds %L2.")
                        : tr("This question and the chat before it take %L1 tokens; the context holds %L2."))
          .arg(tokens)
          .arg(total));
  if (fitsAlone) {
    connect(notice->addAction(tr("Ask in a new chat")), &Button::clicked, this, [this, text] {
      composer_->setText({});
      intoNewChat(text);
    });
  }
  const ContextRoom room = contextRoom();
  if (room.most == 0 || tokens < room.most) {
    connect(notice->addAction(tr("Change the context")), &Button::clicked, this, &ChatPane::settingsWanted);
  } else {
    connect(notice->addAction(tr("Choose another model")), &Button::clicked, this, &ChatPane::chooseModelFile);
  }
  notice->setClosable(true);
}

}  // namespace hadal::ui
