#include "ui/theme/theme.h"

#include <QApplication>
#include <QStyleHints>
#include <QToolTip>

#include "ui/theme/style.h"

namespace hadal::ui {

namespace {

const RoleColours& row(Role role) {
  return roleTable()[static_cast<std::size_t>(role)];
}

}  // namespace

QColor Theme::lightOf(Role role) {
  return QColor::fromRgba(row(role).light);
}

QColor Theme::darkOf(Role role) {
  return QColor::fromRgba(row(role).dark);
}

Theme& Theme::install(QApplication& application, Mode mode) {
  auto* theme = new Theme(mode);
  auto* style = new Style(*theme);
  theme->setParent(style);
  application.setStyle(style);
  application.setFont(typeface(Type::Body));
  connect(application.styleHints(), &QStyleHints::colorSchemeChanged, theme, &Theme::apply);
  theme->apply();
  return *theme;
}

Theme::Theme(Mode mode) : mode_(mode) {}

void Theme::setMode(Mode mode) {
  if (mode == mode_) return;
  mode_ = mode;
  apply();
}

void Theme::apply() {
  const bool system = QApplication::styleHints()->colorScheme() == Qt::ColorScheme::Dark;
  dark_ = mode_ == Mode::Dark || (mode_ == Mode::System && system);
  const QPalette wanted = palette();
  QApplication::setPalette(wanted);
  QToolTip::setPalette(wanted);
  QToolTip::setFont(typeface(Type::Caption));
  Q_EMIT changed();
}

QPalette Theme::palette() const {
  QPalette result;
  const auto set = [&](QPalette::ColorRole where, Role role) { result.setColor(where, colour(role)); };
  set(QPalette::Window, Role::Window);
  set(QPalette::WindowText, Role::Text);
  set(QPalette::Base, Role::Surface);
  set(QPalette::AlternateBase, Role::Raised);
  set(QPalette::Text, Role::Text);
  set(QPalette::Button, Role::Surface);
  set(QPalette::ButtonText, Role::Text);
  set(QPalette::BrightText, Role::Danger);
  set(QPalette::ToolTipBase, Role::Popup);
  set(QPalette::ToolTipText, Role::Text);
  set(QPalette::PlaceholderText, Role::Ghost);
  set(QPalette::Highlight, Role::Selection);
  set(QPalette::HighlightedText, Role::Text);
  set(QPalette::Accent, Role::Accent);
  set(QPalette::Link, Role::Accent);
  set(QPalette::LinkVisited, Role::Accent);
  set(QPalette::Light, Role::Surface);
  set(QPalette::Midlight, Role::Hover);
  set(QPalette::Mid, Role::Border);
  set(QPalette::Dark, Role::BorderStrong);
  set(QPalette::Shadow, Role::BorderStrong);
  for (const auto where : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText}) {
    result.setColor(QPalette::Disabled, where, colour(Role::TextDisabled));
  }
  return result;
}

Theme& theme() {
  return static_cast<Style*>(QApplication::style())->theme();
}

}  // namespace hadal::ui
