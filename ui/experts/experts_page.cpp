#include "ui/experts/experts_page.h"

#include <QBoxLayout>
#include <QKeyEvent>
#include <QLocale>
#include <QScrollArea>

#include "ui/experts/heat_map.h"
#include "ui/theme/paint.h"
#include "ui/widgets/button.h"
#include "ui/widgets/label.h"

namespace hadal::ui {

namespace {

constexpr int pageWidth = 860;

class Card : public QWidget {
 public:
  using QWidget::QWidget;

 protected:
  void paintEvent(QPaintEvent*) override {
    QPainter painter(this);
    drawCard(painter, rect(), radius::card, colour(Role::Surface), colour(Role::Border));
  }
};

QString number(double value, int digits) {
  return QLocale().toString(value, 'f', digits);
}

}  // namespace

/// A value over what it is.
class ExpertsPage::Figure : public QWidget {
 public:
  Figure(const char* name, QWidget* parent) : QWidget(parent) {
    setObjectName(QLatin1String(name));
    setFixedHeight(2 * space::m + line::section + line::caption);
  }
  void setTexts(const QString& value, const QString& label, const QString& help) {
    value_ = value;
    label_ = label;
    setToolTip(help);
    setAccessibleName(label);
    setAccessibleDescription(value + QStringLiteral(". ") + help);
    update();
  }
  const QString& value() const { return value_; }

 protected:
  void paintEvent(QPaintEvent*) override {
    QPainter painter(this);
    drawCard(painter, rect(), radius::card, colour(Role::Surface), colour(Role::Border));
    const int wide = width() - 2 * space::l;
    drawLine(painter, {space::l, space::m, wide, line::section}, value_, figures(Type::Section), colour(Role::Text));
    drawLine(painter, {space::l, space::m + line::section, wide, line::caption}, label_, typeface(Type::Caption),
             colour(Role::TextMuted));
  }

 private:
  QString value_, label_;
};

ExpertsPage::ExpertsPage(QWidget* parent) : QWidget(parent) {
  setObjectName(QStringLiteral("expertsPage"));
  setFocusPolicy(Qt::NoFocus);
  close_ = new IconButton(QStringLiteral("close"), {}, this);
  close_->setObjectName(QStringLiteral("expertsClose"));
  connect(close_, &IconButton::clicked, this, &ExpertsPage::closed);
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
  layout->addWidget(scroll_);
  build();
  retranslate();
}

void ExpertsPage::build() {
  auto* column = new QVBoxLayout(content_);
  column->setSpacing(space::l);
  lead_ = new TextLabel(content_, Type::Body, 0, Role::TextMuted);
  lead_->setObjectName(QStringLiteral("expertsLead"));
  none_ = new TextLabel(content_, Type::Body, 0, Role::TextMuted);
  none_->setObjectName(QStringLiteral("expertsNone"));
  shown_ = new QWidget(content_);
  auto* shown = new QVBoxLayout(shown_);
  shown->setContentsMargins(0, 0, 0, 0);
  shown->setSpacing(space::l);
  auto* row = new QHBoxLayout;
  row->setSpacing(space::m);
  for (const auto& [figure, name] :
       {std::pair{&tokens_, "expertTokens"}, std::pair{&busiest_, "expertBusiest"},
        std::pair{&variation_, "expertVariation"}, std::pair{&entropy_, "expertEntropy"}}) {
    *figure = new Figure(name, shown_);
    row->addWidget(*figure, 1);
  }
  shown->addLayout(row);

  auto* card = new Card(shown_);
  auto* inside = new QVBoxLayout(card);
  inside->setContentsMargins(space::l, space::l, space::l, space::l);
  inside->setSpacing(space::m);
  heading_ = new TextLabel(card, Type::Body, QFont::Medium);
  map_ = new HeatMap(card);
  detail_ = new ElidedLabel(card, Type::Caption, 0, Role::TextMuted);
  detail_->setObjectName(QStringLiteral("expertDetail"));
  detail_->setTabular(true);
  least_ = new ElidedLabel(card, Type::Caption, 0, Role::TextMuted);
  most_ = new ElidedLabel(card, Type::Caption, 0, Role::TextMuted);
  most_->setObjectName(QStringLiteral("expertScaleTop"));
  auto* foot = new QHBoxLayout;
  foot->setSpacing(space::s);
  foot->addWidget(detail_, 1);
  foot->addWidget(least_);
  foot->addWidget(new HeatScale(card));
  foot->addWidget(most_);
  inside->addWidget(heading_);
  inside->addWidget(map_);
  inside->addLayout(foot);
  shown->addWidget(card);

  column->addWidget(lead_);
  column->addWidget(none_);
  column->addWidget(shown_);
  column->addStretch(1);
  connect(map_, &HeatMap::currentChanged, this, &ExpertsPage::describe);
}

void ExpertsPage::setModel(const ModelStatus& status) {
  model_ = status;
  refresh();
}

void ExpertsPage::setUse(const ExpertUse& use) {
  use_ = use;
  map_->setUse(use);
  refresh();
}

void ExpertsPage::retranslate() {
  setAccessibleName(tr("Experts"));
  close_->setLabel(tr("Back to the chat"));
  heading_->setText(tr("How often each expert was chosen: layers down, experts across"));
  map_->setAccessibleName(tr("Map of the experts"));
  least_->setText(tr("never"));
  refresh();
}

void ExpertsPage::refresh() {
  const bool mixture = model_.state == ModelStatus::State::Ready && model_.experts > 0;
  const bool counted = mixture && !use_.layers.isEmpty();
  lead_->setVisible(mixture);
  none_->setVisible(!counted);
  shown_->setVisible(counted);
  if (mixture) {
    lead_->setText(
        tr("%1 is a mixture of experts: in each layer a router sends every token to %2 of %3 experts, and the "
           "others rest. This is which ones your questions and their answers have asked since it was loaded.")
            .arg(model_.name)
            .arg(model_.expertsUsed)
            .arg(model_.experts));
  }
  none_->setText(mixture ? tr("Nothing was asked yet. Ask something in the chat, and the map fills.")
                 : model_.state == ModelStatus::State::Ready
                     ? tr("%1 has no experts: every token goes through all of it.").arg(model_.name)
                     : tr("No model is loaded."));
  update();
  if (!counted) return;
  const ExpertEvenness& even = use_.evenness;
  tokens_->setTexts(QLocale().toString(use_.tokens), tr("Tokens"), tr("Read or written since the model was loaded."));
  busiest_->setTexts(tr("%1 ×", "times the mean").arg(number(even.busiest, 1)), tr("Busiest expert"),
                     tr("How often a layer's busiest expert was chosen, as a multiple of the mean. 1 is even."));
  variation_->setTexts(number(even.variation, 2), tr("Variation"),
                       tr("Standard deviation of the experts' loads over their mean. 0 is even."));
  entropy_->setTexts(number(even.entropy, 2), tr("Evenness"),
                     tr("Entropy of the experts' shares. 1 is even, 0 is one expert for everything."));
  most_->setText(tr("%1 × the mean").arg(number(map_->top(), 1)));
}

void ExpertsPage::describe(qsizetype layer, int expert) {
  if (layer < 0) {
    detail_->setText({});
    map_->setAccessibleDescription({});
    return;
  }
  const ExpertLayer& row = use_.layers[layer];
  const QString text = tr("Layer %1, expert %2: %3 % of the tokens, mean weight %4")
                           .arg(row.number)
                           .arg(expert)
                           .arg(number(100 * row.share[expert], 1), number(row.weight[expert], 2));
  detail_->setText(text);
  map_->setAccessibleDescription(text);
}

void ExpertsPage::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.fillRect(rect(), colour(Role::Window));
  painter.fillRect(0, size::paneHeader - 1, width(), 1, colour(Role::Border));
  drawLine(painter, QRect(space::l, 0, width() - size::paneHeader - space::l, size::paneHeader - 1), tr("Experts"),
           typeface(Type::Section), colour(Role::Text));
}

void ExpertsPage::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::LanguageChange) retranslate();
  if (event->type() == QEvent::LanguageChange || event->type() == QEvent::PaletteChange) update();
}

void ExpertsPage::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  const int side = qMax(space::xl, (width() - pageWidth) / 2);
  content_->layout()->setContentsMargins(side, space::xl, side, space::xxl);
  const int top = (size::paneHeader - size::iconButton) / 2;
  close_->setGeometry(width() - top - size::iconButton, top, size::iconButton, size::iconButton);
}

void ExpertsPage::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Escape) return Q_EMIT closed();
  QWidget::keyPressEvent(event);
}

}  // namespace hadal::ui
