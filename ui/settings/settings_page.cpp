#include "ui/settings/settings_page.h"

#include <QBoxLayout>
#include <QCoreApplication>
#include <QScrollArea>
#include <algorithm>

#include "app/inference/sampling_settings.h"
#include "ui/settings/setting_row.h"
#include "ui/theme/paint.h"
#include "ui/widgets/column_box.h"
#include "ui/widgets/label.h"
#include "ui/widgets/notice.h"
#include "ui/widgets/status_line.h"

namespace hadal::ui {

namespace {

constexpr int pageWidth = 760;

class Card : public QWidget {
 public:
  using QWidget::QWidget;

 protected:
  void paintEvent(QPaintEvent*) override {
    QPainter painter(this);
    drawCard(painter, rect(), radius::card, colour(Role::Surface), colour(Role::Border));
  }
};

}  // namespace

SettingsPage::SettingsPage(Settings& settings, QWidget* parent) : QWidget(parent), settings_(settings) {
  setObjectName(QStringLiteral("settingsPage"));
  setFocusPolicy(Qt::NoFocus);
  scroll_ = new QScrollArea(this);
  scroll_->setFrameShape(QFrame::NoFrame);
  scroll_->setFocusPolicy(Qt::NoFocus);
  scroll_->setWidgetResizable(true);
  scroll_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll_->viewport()->setAutoFillBackground(false);
  content_ = new QWidget;
  scroll_->setWidget(content_);
  content_->setAutoFillBackground(false);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, size::paneHeader, 0, 0);
  auto* head = new ColumnBox(space::s, space::s, this);
  notices_ = new NoticeStack(head);
  notices_->setObjectName(QStringLiteral("settingsNotices"));
  head->box().addWidget(notices_);
  head->hide();
  connect(notices_, &NoticeStack::changed, head, [this, head] { head->setVisible(!notices_->isEmpty()); });
  layout->addWidget(head);
  layout->addWidget(scroll_);
  build();
}

void SettingsPage::showNotice(const QString& sentence) {
  if (!shown_.contains(sentence)) shown_ << sentence;
  notices_->show(sentence, Notice::Kind::Warning, sentence)->setClosable(true);
}

void SettingsPage::dismissNotices() {
  for (const QString& sentence : std::exchange(shown_, {})) notices_->dismiss(sentence);
}

void SettingsPage::build() {
  auto* column = new QVBoxLayout(content_);
  column->setContentsMargins(space::xl, space::s, space::xl, space::xxl);
  column->setSpacing(0);
  QString page;
  QVBoxLayout* card = nullptr;
  for (const SettingSpec& spec : Settings::table()) {
    if (spec.hidden) continue;
    const bool first = page != QLatin1String(spec.page);
    if (first) {
      page = QLatin1String(spec.page);
      auto* heading = new TextLabel(content_, Type::Section);
      headings_.append({heading, spec.page});
      column->addSpacing(space::l);
      column->addWidget(heading);
      column->addSpacing(space::s);
      auto* box = new Card(content_);
      card = new QVBoxLayout(box);
      card->setContentsMargins(0, 0, 0, 0);
      card->setSpacing(0);
      column->addWidget(box);
    }
    auto* row = new SettingRow(settings_, spec, content_);
    row->setFirst(first);
    connect(row, &SettingRow::fileWanted, this, &SettingsPage::modelWanted);
    card->addWidget(row);
    rows_ << row;
  }
  column->addStretch(1);
  retranslate();
}

void SettingsPage::retranslate() {
  setAccessibleName(tr("Settings"));
  for (const auto& [label, source] : std::as_const(headings_))
    label->setText(QCoreApplication::translate("Settings", source));
  for (SettingRow* row : std::as_const(rows_)) row->retranslate();
  showNotes();
}

void SettingsPage::setModel(const ModelStatus& status) {
  model_ = status;
  showNotes();
}

void SettingsPage::showNotes() {
  const bool ready = model_.state == ModelStatus::State::Ready;
  const SamplingAdvice& advice = model_.advice;
  const QString says = tr("As the makers of %1 say.").arg(advice.family);
  const auto note = [this, ready](const char* key, bool known, const QString& text) {
    const auto row = std::ranges::find_if(
        rows_, [key](SettingRow* r) { return r->objectName() == QStringLiteral("setting.") + QLatin1String(key); });
    if (row != rows_.end()) (*row)->setNote(ready && known ? text : QString());
  };
  note(setting::modelFile, true, templateText(model_.chatTemplate));
  note(setting::threads, model_.readingThreads > 0, threadsText(model_));
  forEachSamplingSetting([&](const char* key, auto value) { note(key, (advice.*value).has_value(), says); });
  note(setting::systemPrompt, advice.noSystemPrompt, tr("The makers of %1 advise against one.").arg(advice.family));
}

void SettingsPage::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.fillRect(rect(), colour(Role::Window));
  painter.fillRect(0, size::paneHeader - 1, width(), 1, colour(Role::Border));
  drawLine(painter, QRect(space::l, 0, width() - 32, size::paneHeader - 1), tr("Settings"), typeface(Type::Section),
           colour(Role::Text));
}

void SettingsPage::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) retranslate();
  if (event->type() == QEvent::LanguageChange || event->type() == QEvent::PaletteChange) update();
}

void SettingsPage::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  const int side = qMax(space::xl, (width() - pageWidth) / 2);
  content_->layout()->setContentsMargins(side, space::s, side, space::xxl);
}

}  // namespace hadal::ui
