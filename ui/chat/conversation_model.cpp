#include "ui/chat/conversation_model.h"

#include <QLocale>
#include <QRegularExpression>
#include <algorithm>

namespace hadal::ui {

namespace {

QString headingOf(const QDate& day, const QDate& today) {
  const qint64 age = day.daysTo(today);
  if (age <= 0) return ConversationModel::tr("Today");
  if (age == 1) return ConversationModel::tr("Yesterday");
  if (age < 7) return ConversationModel::tr("Last 7 days");
  return QLocale().toString(day, ConversationModel::tr("MMMM yyyy", "month heading of the list"));
}

QString timeOf(const QDateTime& when, const QDate& today) {
  const QDateTime local = when.toLocalTime();
  const qint64 age = local.date().daysTo(today);
  if (age <= 1) return QLocale().toString(local.time(), QStringLiteral("HH:mm"));
  if (age < 7) return QLocale().toString(local.date(), QStringLiteral("ddd"));
  return QLocale().toString(local.date(), ConversationModel::tr("d MMM", "day in the list"));
}

// A line of a list is no place for Markdown's marks.
QString withoutMarks(QString snippet) {
  static const QRegularExpression inside(QStringLiteral("[*`_~]+")), between(QStringLiteral("[#|>]+"));
  return snippet.remove(inside).replace(between, QStringLiteral(" ")).simplified();
}

}  // namespace

void ConversationModel::setAll(ConversationList list) {
  all_ = std::move(list);
  rebuild();
}

void ConversationModel::upsert(const Conversation& conversation) {
  auto& list = all_.conversations;
  list.removeIf([&](const Conversation& c) { return c.id == conversation.id; });
  const auto place =
      std::find_if(list.begin(), list.end(), [&](const Conversation& c) { return c.updated <= conversation.updated; });
  list.insert(place, conversation);
  rebuild();
}

void ConversationModel::remove(ConversationId id) {
  all_.conversations.removeIf([&](const Conversation& c) { return c.id == id; });
  hits_.removeIf([&](const SearchHit& hit) { return hit.conversation.id == id; });
  rebuild();
}

void ConversationModel::setFilter(const QString& text) {
  filter_ = text.trimmed();
  hits_.clear();
  rebuild();
}

void ConversationModel::setHits(const QList<SearchHit>& hits) {
  hits_ = hits;
  rebuild();
}

const Conversation* ConversationModel::find(ConversationId id) const {
  for (const Conversation& c : all_.conversations) {
    if (c.id == id) return &c;
  }
  return nullptr;
}

QModelIndex ConversationModel::indexOf(ConversationId id) const {
  for (int row = 0; row < rows_.size(); ++row) {
    if (!rows_[row].group && rows_[row].conversation.id == id) return index(row);
  }
  return {};
}

QModelIndex ConversationModel::indexOfFolder(FolderId id) const {
  for (int row = 0; row < rows_.size(); ++row) {
    if (rows_[row].group && rows_[row].folder == id) return index(row);
  }
  return {};
}

void ConversationModel::rebuild() {
  beginResetModel();
  rows_.clear();
  if (filter_.isEmpty()) {
    addGrouped();
  } else {
    addFound();
  }
  endResetModel();
}

void ConversationModel::addGrouped() {
  const QDate today = today_();
  const auto head = [this](const QString& text) { rows_ << Row{true, text, {}, 0, {}, 0}; };
  const auto item = [this](const Conversation& c) { rows_ << Row{false, c.title, c, 0, {}, 0}; };

  bool any = false;
  for (const Conversation& c : all_.conversations) {
    if (!c.pinned) continue;
    if (!std::exchange(any, true)) head(tr("Pinned"));
    item(c);
  }
  for (const Folder& folder : all_.folders) {
    any = false;
    for (const Conversation& c : all_.conversations) {
      if (c.pinned || c.folder != folder.id) continue;
      if (!std::exchange(any, true)) rows_ << Row{true, folder.name, {}, 0, {}, folder.id};
      item(c);
    }
  }
  QString last;
  for (const Conversation& c : all_.conversations) {
    if (c.pinned || c.folder != 0) continue;
    const QString heading = headingOf(c.updated.toLocalTime().date(), today);
    if (heading != last) head(last = heading);
    item(c);
  }
}

void ConversationModel::addFound() {
  bool any = false;
  for (const Conversation& c : all_.conversations) {
    if (!c.title.contains(filter_, Qt::CaseInsensitive)) continue;
    if (!std::exchange(any, true)) rows_ << Row{true, tr("Titles"), {}, 0, {}, 0};
    rows_ << Row{false, c.title, c, 0, {}, 0};
  }
  any = false;
  for (const SearchHit& hit : hits_) {
    if (hit.message == 0) continue;
    if (!std::exchange(any, true)) rows_ << Row{true, tr("In messages"), {}, 0, {}, 0};
    rows_ << Row{false, hit.conversation.title, hit.conversation, hit.message, withoutMarks(hit.snippet), 0};
  }
}

int ConversationModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

QVariant ConversationModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rows_.size()) return {};
  const Row& row = rows_[index.row()];
  switch (role) {
    case Qt::DisplayRole:
    case Qt::EditRole:
      return row.text;
    case Qt::AccessibleTextRole:
      return row.group ? tr("%1, group").arg(row.text) : row.text;
    case IsGroupRole:
      return row.group;
    case IdRole:
      return row.conversation.id;
    case MessageRole:
      return row.message;
    case TimeRole:
      return row.group ? QString() : timeOf(row.conversation.updated, today_());
    case SnippetRole:
      return row.snippet;
    case FolderRole:
      return row.folder;
    case PinnedRole:
      return row.conversation.pinned;
    default:
      return {};
  }
}

bool ConversationModel::setData(const QModelIndex& index, const QVariant& value, int role) {
  const QString title = value.toString().simplified();
  if (role != Qt::EditRole || title.isEmpty() || title == rows_[index.row()].text) return false;
  Row& row = rows_[index.row()];
  row.text = title;
  Q_EMIT dataChanged(index, index);
  if (row.folder != 0) {
    Q_EMIT folderRenamed(row.folder, title);
  } else {
    Q_EMIT renamed(row.conversation.id, title);
  }
  return true;
}

Qt::ItemFlags ConversationModel::flags(const QModelIndex& index) const {
  if (!index.isValid()) return Qt::NoItemFlags;
  const Row& row = rows_[index.row()];
  if (row.group) return row.folder != 0 ? Qt::ItemIsEnabled | Qt::ItemIsEditable : Qt::ItemIsEnabled;
  return Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsEditable;
}

}  // namespace hadal::ui
