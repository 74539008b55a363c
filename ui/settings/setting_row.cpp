#include "ui/settings/setting_row.h"

#include <QBoxLayout>
#include <QCoreApplication>
#include <QDesktopServices>
#include <QDir>
#include <QLineEdit>
#include <QLocale>
#include <QPlainTextEdit>
#include <QSpinBox>
#include <QUrl>

#include "ui/theme/paint.h"
#include "ui/widgets/button.h"
#include "ui/widgets/label.h"
#include "ui/widgets/switch.h"
#include "ui/widgets/text_field.h"

namespace hadal::ui {

namespace {

constexpr int controlWidth = 280, rowPadding = 12;

QString translated(const char* source) {
  return source && *source ? QCoreApplication::translate("Settings", source) : QString();
}

}  // namespace

SettingRow::SettingRow(Settings& settings, const SettingSpec& spec, QWidget* parent)
    : QWidget(parent), settings_(settings), spec_(spec) {
  setObjectName(QStringLiteral("setting.") + QLatin1String(spec.key));
  name_ = new TextLabel(this, Type::Body, QFont::Medium);
  help_ = new TextLabel(this, Type::Caption, 0, Role::TextMuted);
  control_ = makeControl();

  auto* words = new QVBoxLayout;
  words->setSpacing(2);
  words->addWidget(name_);
  words->addWidget(help_);
  if (spec_.advised) {
    automatic_ = new Button(Button::Kind::Outlined, {}, this, Button::Size::Small);
    automatic_->setObjectName(QStringLiteral("automatic"));
    words->addSpacing(space::xs);
    words->addWidget(automatic_, 0, Qt::AlignLeft);
    connect(automatic_, &Button::clicked, this, [this] { settings_.reset(QLatin1String(spec_.key)); });
  }
  words->addStretch(1);
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(space::l, rowPadding, space::l, rowPadding);
  layout->setSpacing(space::xl);
  layout->addLayout(words, 1);
  layout->addWidget(control_, 0, Qt::AlignRight | Qt::AlignVCenter);
  connect(&settings_, &Settings::changed, this, [this](const QString& key) {
    if (key == QLatin1String(spec_.key)) refresh();
  });
  retranslate();
}

QWidget* SettingRow::makeControl() {
  switch (spec_.type) {
    case SettingType::Bool:
      return makeSwitch();
    case SettingType::Integer:
    case SettingType::Real:
      return makeNumber();
    case SettingType::Choice:
      return makeChoice();
    case SettingType::Text:
      return makeText();
    case SettingType::File:
    case SettingType::Folder:
      return makePath();
  }
  return new QWidget(this);
}

QWidget* SettingRow::makeSwitch() {
  auto* control = new Switch(this);
  connect(control, &Switch::toggled, this, [this](bool on) { settings_.setValue(QLatin1String(spec_.key), on); });
  onRefresh_ << [this, control] { control->setChecked(settings_.value(QLatin1String(spec_.key)).toBool()); };
  onRetranslate_ << [this, control] { control->setAccessibleName(translated(spec_.label)); };
  return control;
}

QWidget* SettingRow::makeNumber() {
  auto* box = new QWidget(this);
  auto* layout = new QHBoxLayout(box);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(space::xs);
  auto* minus = new IconButton(QStringLiteral("minus"), {}, box);
  auto* plus = new IconButton(QStringLiteral("plus"), {}, box);
  auto* spin = new QDoubleSpinBox(box);
  const bool whole = spec_.type == SettingType::Integer;
  spin->setDecimals(whole ? 0 : 2);
  spin->setRange(spec_.minimum, spec_.maximum > spec_.minimum ? spec_.maximum : 1e9);
  spin->setSingleStep(!whole ? 0.05 : spec_.maximum > 1000 ? 1024 : 1);
  spin->setButtonSymbols(QAbstractSpinBox::NoButtons);
  spin->setAlignment(Qt::AlignRight);
  spin->setFont(figures(Type::Body));
  spin->setFixedSize(112, size::field);
  spin->setKeyboardTracking(false);
  spin->setFocusPolicy(Qt::StrongFocus);
  spin->installEventFilter(new IgnoreWheel(spin));
  layout->addWidget(minus);
  layout->addWidget(spin);
  layout->addWidget(plus);
  connect(minus, &IconButton::clicked, spin, &QDoubleSpinBox::stepDown);
  connect(plus, &IconButton::clicked, spin, &QDoubleSpinBox::stepUp);
  connect(spin, &QDoubleSpinBox::valueChanged, this, [this, whole](double value) {
    settings_.setValue(QLatin1String(spec_.key), whole ? QVariant(qRound(value)) : QVariant(value));
  });
  onRefresh_ << [this, spin] {
    const QSignalBlocker quiet(spin);
    spin->setValue(settings_.value(QLatin1String(spec_.key)).toDouble());
  };
  onRetranslate_ << [this, spin, minus, plus] {
    spin->setLocale(QLocale());
    spin->setAccessibleName(translated(spec_.label));
    minus->setLabel(tr("Less"));
    plus->setLabel(tr("More"));
    // 0 stands for "as it comes" in every number that allows it beside larger ones.
    if (spec_.minimum == 0 && spec_.maximum > 2 && spec_.defaultValue.toDouble() == 0)
      spin->setSpecialValueText(tr("Automatic"));
  };
  return box;
}

QWidget* SettingRow::makeChoice() {
  auto* control = new Segmented(this);
  connect(control, &Segmented::chosen, this,
          [this](const QString& value) { settings_.setValue(QLatin1String(spec_.key), value); });
  onRetranslate_ << [this, control] {
    QStringList labels;
    for (qsizetype i = 0; i < spec_.choices.size(); ++i) {
      labels << (i < spec_.choiceLabels.size() ? translated(spec_.choiceLabels[i]) : spec_.choices[i]);
    }
    control->setOptions(spec_.choices, labels);
    control->setAccessibleName(translated(spec_.label));
  };
  onRefresh_ << [this, control] { control->setCurrent(settings_.value(QLatin1String(spec_.key)).toString()); };
  return control;
}

QWidget* SettingRow::makeText() {
  auto* field = new TextField(this);
  field->setFixedSize(controlWidth + 60, 96);
  connect(field, &TextField::edited, this,
          [this](const QString& text) { settings_.setValue(QLatin1String(spec_.key), text); });
  onRefresh_ << [this, field] { field->setText(settings_.value(QLatin1String(spec_.key)).toString()); };
  onRetranslate_ << [this, field] { field->setAccessibleName(translated(spec_.label)); };
  return field;
}

QWidget* SettingRow::makePath() {
  auto* box = new QWidget(this);
  box->setFixedWidth(controlWidth + 60);
  auto* layout = new QHBoxLayout(box);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(space::m);
  auto* path = new ElidedLabel(box, Type::Body, 0, Role::TextMuted);
  auto* choose = new Button(Button::Kind::Outlined, {}, box);
  layout->addWidget(path, 1);
  layout->addWidget(choose);
  const bool shown = spec_.readOnly || spec_.type == SettingType::Folder;
  connect(choose, &Button::clicked, this, [this, choose, shown] {
    if (shown) {
      QDesktopServices::openUrl(QUrl::fromLocalFile(settings_.value(QLatin1String(spec_.key)).toString()));
    } else {
      Q_EMIT fileWanted(choose->mapToGlobal(QPoint()));
    }
  });
  onRefresh_ << [this, path, shown] {
    const QString value = settings_.value(QLatin1String(spec_.key)).toString();
    path->setText(value.isEmpty() ? tr("None chosen")
                  : shown         ? QDir::toNativeSeparators(value)
                                  : QFileInfo(value).fileName());
    path->setToolTip(QDir::toNativeSeparators(value));
  };
  onRetranslate_ << [choose, shown] {
    choose->setText(shown ? tr("Show folder") : tr("Choose..."));
    choose->updateGeometry();
  };
  return box;
}

void SettingRow::refresh() {
  const bool locked = settings_.isLocked(QLatin1String(spec_.key));
  for (const auto& update : onRefresh_) update();
  // The data location of this run is shown; its folder can be opened all the same.
  control_->setEnabled(!locked);
  setEnabled(true);
  const bool chosen = settings_.isChosen(QLatin1String(spec_.key));
  QStringList lines{translated(spec_.help)};
  if (!note_.isEmpty() && !(spec_.advised && chosen)) lines << note_;
  const bool own = settings_.isOwn(QLatin1String(spec_.key));
  const bool recommended = settings_.isRecommended(QLatin1String(spec_.key));
  if (locked)
    lines << tr("Set by your administrator");
  else if (recommended && !own)
    lines << tr("Recommended by your administrator");
  lines.removeAll(QString());
  help_->setText(lines.join(QLatin1Char('\n')));
  if (automatic_) {
    automatic_->setText(recommended ? tr("As your administrator recommends") : tr("As the model's makers say"));
    automatic_->setAccessibleName(translated(spec_.label) + QStringLiteral(": ") + automatic_->text());
    automatic_->setVisible(own && !locked);
  }
  help_->setVisible(!help_->text().isEmpty());
}

void SettingRow::setNote(const QString& note) {
  note_ = note;
  refresh();
}

void SettingRow::retranslate() {
  name_->setText(translated(spec_.label));
  for (const auto& update : onRetranslate_) update();
  refresh();
}

void SettingRow::paintEvent(QPaintEvent*) {
  if (first_) return;
  QPainter(this).fillRect(space::l, 0, width() - 2 * space::l, 1, colour(Role::Border));
}

}  // namespace hadal::ui
