#include "ui/chat/empty_state.h"

#include "ui/theme/paint.h"
#include "ui/widgets/button.h"
#include "ui/widgets/label.h"
#include "ui/widgets/notice.h"
#include "ui/widgets/phrases.h"

namespace hadal::ui {

namespace {

constexpr int cardHeight = 86, padding = 15;

// An example: two lines of what to ask, one of what comes of it.
class ExampleCard : public Pressable {
 public:
  using Pressable::Pressable;
  void setTexts(const QString& title, const QString& note, const QString& question) {
    title_ = title;
    note_ = note;
    question_ = question;
    setText(withoutJoints(title));
    setAccessibleName(text());
    setAccessibleDescription(note);
    update();
  }
  const QString& question() const { return question_; }

 protected:
  void paintEvent(QPaintEvent*) override {
    QPainter painter(this);
    const Role ground = isDown() ? Role::Pressed : isHot() ? Role::Hover : Role::Surface;
    drawCard(painter, rect(), radius::card, colour(ground), colour(Role::Border));
    if (hasRing()) drawFocusRing(painter, rect(), radius::card);
    const QFont face = typeface(Type::Body);
    int y = 13;
    for (const QString& row : phraseLines(title_, face, width() - 2 * padding).mid(0, 2)) {
      drawLine(painter, QRect(padding, y, width() - 2 * padding, line::body), row, face, colour(Role::Text));
      y += line::body;
    }
    drawLine(painter, QRect(padding, height() - 30, width() - 2 * padding, line::caption), note_,
             typeface(Type::Caption), colour(Role::TextMuted));
  }

 private:
  QString title_, note_, question_;
};

}  // namespace

EmptyState::EmptyState(QWidget* parent) : QWidget(parent) {
  setObjectName(QStringLiteral("emptyState"));
  title_ = new TextLabel(this, Type::Title);
  lead_ = new TextLabel(this, Type::Body, 0, Role::TextMuted);
  notices_ = new NoticeStack(this);
  for (int i = 0; i < 3; ++i) {
    auto* card = new ExampleCard(this);
    connect(card, &Pressable::clicked, this, [this, card] { Q_EMIT exampleChosen(card->question()); });
    card->setObjectName(QStringLiteral("example%1").arg(i));
    cards_ << card;
  }
  retranslate();
}

void EmptyState::setModel(const ModelStatus& status) {
  const bool same = status.state == status_.state && status.path == status_.path;
  status_ = status;
  if (!same) retranslate();
}

void EmptyState::retranslate() {
  title_->setText(tr("What can I ask?"));
  lead_->setText(tr("Questions, drafts and code. Everything stays on this machine."));
  const auto card = [this](int at) { return static_cast<ExampleCard*>(cards_[at]); };
  card(0)->setTexts(tr("Explain a stack trace and where to look first"), tr("Then paste the log"),
                    tr("Explain this stack trace and where to look first:\n\n"));
  card(1)->setTexts(tr("Turn meeting notes into decisions and tasks"), tr("Then paste the notes"),
                    tr("Turn these meeting notes into decisions and tasks:\n\n"));
  card(2)->setTexts(
      tr("Write a script that renames photos by date"), tr("Every step explained"),
      tr("Write a Python script that renames the photos of a folder by the date they were taken. Explain every step."));

  notices_->dismiss(QStringLiteral("starter"));
  using State = ModelStatus::State;
  Notice* notice = nullptr;
  if (status_.state == State::NoModel) {
    notice = notices_->show(
        QStringLiteral("starter"), Notice::Kind::Info,
        tr("There is no model yet. Choose a GGUF file or a model's folder, or drop it onto this window."));
  } else if (status_.state != State::Failed && status_.path.contains(QLatin1String("SmolLM2-135M"))) {
    notice = notices_->show(QStringLiteral("starter"), Notice::Kind::Info,
                            tr("Only the small starter model is here; a larger model answers better."));
  }
  if (notice) connect(notice->addAction(tr("Choose a model")), &Button::clicked, this, &EmptyState::modelWanted);
  place();
}

// The block stands at the foot, right above the composer.
void EmptyState::place() {
  const int column = qMin(size::column, width() - 2 * size::columnMargin);
  const int x = (width() - column) / 2;
  int y = height() - space::l;
  if (!notices_->isEmpty()) {
    const int notice = notices_->layout()->heightForWidth(column);
    y -= notice;
    notices_->setGeometry(x, y, column, notice);
    y -= space::m;
  }
  const int across = column >= 540 ? 3 : 1;
  const int shown = height() < 400 && across == 1 ? 1 : 3;
  const auto cardLeft = [&](int at) { return x + at * (column + space::m) / across; };
  const int rows = across == 3 ? 1 : shown;
  y -= rows * cardHeight + (rows - 1) * space::s;
  for (int i = 0; i < 3; ++i) {
    const int row = across == 3 ? 0 : i;
    const int col = across == 3 ? i : 0;
    cards_[i]->setVisible(i < shown);
    cards_[i]->setGeometry(cardLeft(col), y + row * (cardHeight + space::s),
                           cardLeft(col + 1) - space::m - cardLeft(col), cardHeight);
  }
  const int lead = lead_->heightForWidth(column);
  y -= space::l + lead;
  lead_->setGeometry(x, y, column, lead);
  y -= space::xs + line::title;
  title_->setGeometry(x, y, column, line::title);
}

void EmptyState::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  place();
}

void EmptyState::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) retranslate();
}

void EmptyState::paintEvent(QPaintEvent*) {
  QPainter(this).fillRect(rect(), colour(Role::Surface));
}

}  // namespace hadal::ui
