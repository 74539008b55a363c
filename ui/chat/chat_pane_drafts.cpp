#include "ui/chat/chat_pane.h"
#include "ui/chat/composer.h"
#include "ui/widgets/button.h"

// The chat pane's drafts: what is typed and not yet asked, and what comes from outside and wants its place.

namespace hadal::ui {

namespace {

// Enough of a question to know it by.
QString beginningOf(const QString& text) {
  constexpr qsizetype shown = 60;
  const QString line = text.simplified();
  return line.size() <= shown ? line : line.left(shown).trimmed() + QStringLiteral("…");
}

}  // namespace

void ChatPane::draftChanged() {
  if (composer_->text().trimmed() != toSend_) toSend_.clear();
  draftLater_.start();
  measureLater_.start();
}

void ChatPane::saveDraft() {
  draftLater_.stop();
  const QString text = composer_->text();
  if (current_.id == 0 && adopting_) return;
  QString& kept = current_.id == 0 ? newDraft_ : current_.draft;
  if (text == kept) return;
  kept = text;
  drafts_.insert(current_.id, text);
  services_.chat.setDraft(current_.id, text);
}

// ---- from outside ---------------------------------------------------------------------------------------------------

void ChatPane::takeQuestion(const QString& text, bool send) {
  if (!send && !newDraftKnown_) {
    handedEarly_ << text;
    return;
  }
  if (!send) {
    intoNewChat(text);
    return;
  }
  askApart(text);
}

void ChatPane::intoNewChat(const QString& text) {
  newChat();
  const QString draft = composer_->text().trimmed();
  if (draft == text.trimmed()) return;
  if (draft.isEmpty()) {
    composer_->setText(text);
  } else {
    offerInsteadOfDraft(text);
  }
}

// The person's own words stay where they are; the question waits beside them, each one for itself.
void ChatPane::offerInsteadOfDraft(const QString& text) {
  const QString key = QStringLiteral("handed.%1").arg(++offers_);
  Notice* notice = notices_->show(key, Notice::Kind::Info,
                                  tr("“%1” is not asked yet; the composer keeps your draft.").arg(beginningOf(text)));
  notice->setClosable(true);
  connect(notice->addAction(tr("Ask it now")), &Button::clicked, this, [this, key, text] {
    notices_->dismiss(key);
    askApart(text);
  });
  connect(notice->addAction(tr("Use it instead")), &Button::clicked, this, [this, key, text] {
    notices_->dismiss(key);
    newChat();
    takeInsteadOfDraft(text);
  });
}

void ChatPane::takeInsteadOfDraft(const QString& text) {
  const QString draft = composer_->text();
  composer_->setText(text);
  focusComposer();
  if (draft.trimmed().isEmpty() || draft == text) return;
  const QString key = QStringLiteral("draft");
  Notice* notice =
      notices_->show(key, Notice::Kind::Info, tr("Your draft “%1” was put aside.").arg(beginningOf(draft)));
  notice->setClosable(true);
  connect(notice->addAction(tr("Bring it back")), &Button::clicked, this, [this, key, draft] {
    notices_->dismiss(key);
    newChat();
    takeInsteadOfDraft(draft);
  });
}

}  // namespace hadal::ui
