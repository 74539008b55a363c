#include "app/inference/chat_caches.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QStorageInfo>
#include <optional>

namespace hadal {

namespace {

/// So long after an answer nobody seems to be about to ask again.
constexpr int kRestMilliseconds = 15'000;
/// Less is read again in a moment.
constexpr std::size_t kLeastTokens = 256;
/// Of all files together; the oldest go first.
constexpr qint64 kMostBytes = 4'000'000'000;

std::filesystem::path native(const QString& file) {
  return QFile::encodeName(file).toStdString();
}

QFileInfoList files(const QString& folder) {
  return QDir(folder).entryInfoList({QStringLiteral("chat-*.kv")}, QDir::Files, QDir::Time);
}

void trim(const QString& folder) {
  qint64 total = 0;
  for (const QFileInfo& file : files(folder)) {  // newest first
    total += file.size();
    if (total > kMostBytes) QFile::remove(file.filePath());
  }
}

void save(const KvSnapshot& snapshot, const QString& folder, const QString& file) {
  if (!QDir().mkpath(folder)) return;
  // They hold what was said, as the database does.
  QFile::setPermissions(folder, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
  // A cache must not be what fills a disk.
  if (QStorageInfo(folder).bytesAvailable() < 4 * static_cast<qint64>(snapshot.bytes())) return;
  if (snapshot.save(native(file))) trim(folder);
}

std::optional<KvSnapshot> load(const QString& file) {
  auto snapshot = KvSnapshot::load(native(file));
  if (snapshot) return std::move(*snapshot);
  if (snapshot.error().code != ErrorCode::out_of_memory) QFile::remove(file);
  return std::nullopt;
}

}  // namespace

ChatCaches::ChatCaches(QObject* parent) : QObject(parent), rest_(this) {
  rest_.setSingleShot(true);
  rest_.setInterval(kRestMilliseconds);
  connect(&rest_, &QTimer::timeout, this, [this] {
    if (engine_ && !engine_->idle()) return rest_.start();
    keep();
  });
  // One after the other, so that a file is read as it was written last.
  disk_.setMaxThreadCount(1);
}

ChatCaches::~ChatCaches() {
  disk_.waitForDone();
}

void ChatCaches::setFolder(const QString& folder, bool wanted) {
  folder_ = wanted ? folder : QString();
  if (wanted) return;
  unsaved_.clear();
  disk_.start([folder] {
    for (const QFileInfo& file : files(folder)) QFile::remove(file.filePath());
  });
}

QString ChatCaches::file(qint64 chat) const {
  return QStringLiteral("%1/chat-%2.kv").arg(folder_).arg(chat);
}

void ChatCaches::use(Engine& engine) {
  release();
  engine_ = &engine;
}

void ChatCaches::release() {
  keep();
  engine_ = nullptr;
  fetched_.clear();
}

bool ChatCaches::fetch(qint64 chat, const std::function<void()>& ready) {
  if (!engine_ || folder_.isEmpty() || fetched_.contains(chat)) return false;
  if (const auto reading = reading_.find(chat); reading != reading_.end()) {
    reading->append(ready);
    return true;
  }
  if (!QFileInfo::exists(file(chat))) {
    fetched_.insert(chat);
    return false;
  }
  reading_.insert(chat, {ready});
  disk_.start([this, chat, file = file(chat), engine = engine_] {
    const auto snapshot = load(file);
    QMetaObject::invokeMethod(
        this,
        [this, chat, snapshot, engine] {
          // One of another model stays where it is until this chat is kept anew: that model may be chosen again.
          if (snapshot && engine == engine_) (void)engine_->restore(*snapshot);
          if (engine == engine_) fetched_.insert(chat);
          for (const auto& waiting : reading_.take(chat)) waiting();
        },
        Qt::QueuedConnection);
  });
  return true;
}

void ChatCaches::computed(qint64 chat, std::vector<TokenId> text) {
  fetched_.insert(chat);
  if (folder_.isEmpty() || text.size() < kLeastTokens) return;
  unsaved_.insert(chat, std::move(text));
  rest_.start();
}

void ChatCaches::keep() {
  rest_.stop();
  const auto texts = std::exchange(unsaved_, {});
  if (!engine_ || folder_.isEmpty()) return;
  for (auto text = texts.begin(); text != texts.end(); ++text) {
    const auto snapshot = engine_->snapshot(*text);
    if (!snapshot || snapshot->tokens().size() < kLeastTokens) continue;
    disk_.start([snapshot = *snapshot, folder = folder_, file = file(text.key())] { save(snapshot, folder, file); });
  }
}

void ChatCaches::forget(qint64 chat) {
  unsaved_.remove(chat);
  if (!folder_.isEmpty()) disk_.start([file = file(chat)] { QFile::remove(file); });
}

}  // namespace hadal
