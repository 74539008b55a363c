#include "app/program.h"

#include <QDeadlineTimer>
#include <QFileInfo>
#include <QThread>

#include "app/policy/policy.h"

namespace hadal {

namespace {

StoreOptions storeOptions(const Profile& profile) {
  StoreOptions options;
  options.file = profile.databaseFile();
  options.backupFolder = profile.backupFolder();
  return options;
}

}  // namespace

Program::Program(const CommandLine& line, QObject* parent)
    : QObject(parent),
      line_(line),
      profile_(line.profile.isEmpty() ? Profile::standardFolder() : line.profile),
      store_(storeOptions(profile_)),
      chat_(store_, inference_, settings_) {
  settings_.overrideForRun(setting::dataFolder, profile_.folder());
  if (!line_.model.isEmpty()) settings_.overrideForRun(setting::modelFile, line_.model);
  if (!line_.language.isEmpty()) settings_.overrideForRun(setting::language, line_.language);
  if (!line_.theme.isEmpty()) settings_.overrideForRun(setting::theme, line_.theme);
  if (line_.context) settings_.overrideForRun(setting::contextLength, *line_.context);
  if (line_.threads) settings_.overrideForRun(setting::threads, *line_.threads);
}

Program::~Program() {
  shutDown();
}

HandOver Program::wanted() const {
  HandOver what;
  what.raise = line_.mode == CommandLine::Mode::Window;
  what.text = line_.text;
  what.model = line_.model;
  what.ask = line_.ask;
  return what;
}

InstanceClient::Result Program::handOver(InstanceClient& client) {
  using Result = InstanceClient::Result;
  // A chat in the terminal has nothing to hand over; it needs the profile for itself.
  if (line_.mode == CommandLine::Mode::Chat && profile_.accessMode() == Profile::Access::Taken) {
    profile_.useReadOnly(tr("Hadal is already running with this profile (process %1).").arg(profile_.owner()));
    return Result::Refused;
  }
  Result result = Result::Gone;
  for (QDeadlineTimer deadline(2000); profile_.accessMode() == Profile::Access::Taken;) {
    result = client.send(profile_.serverName(), wanted());
    if (result == Result::Taken) return result;
    if (result == Result::Refused) {
      profile_.useReadOnly(client.sentence);
    } else if (result == Result::Hung || deadline.hasExpired()) {
      profile_.useReadOnly(
          tr("Hadal is already running with this profile (process %1) and does not answer.").arg(profile_.owner()));
      result = Result::Hung;
    } else {
      // It is just starting or just ending: in a moment it listens, or the lock is free.
      QThread::msleep(20);
      profile_.takeLock();
    }
  }
  return result;
}

void Program::start() {
  for (const QString& sentence : policy::enforce(QString::fromLatin1(policy::managedFolder), settings_)) {
    profile_.notify(sentence);
  }
  const bool writable = profile_.accessMode() == Profile::Access::Writable;
  if (writable)
    server_.listen(profile_.serverName());
  else
    store_.setReadOnly();
  connect(&settings_, &Settings::storeFailed, &chat_, &ChatService::storeFailed);
  store_.open().then(this, [this](const Outcome<StoreReport>& report) { use(report); });
}

void Program::use(const Outcome<StoreReport>& report) {
  if (profile_.accessMode() == Profile::Access::ReadOnly) {
    const bool scratch = report && report->mode == StoreReport::Mode::Scratch;
    profile_.notify(profile_.reason() + u' ' +
                    (scratch ? tr("You can read and chat here, but nothing of it is kept.")
                             : tr("You can read here, but not write.")));
  }
  if (report) {
    for (const QString& notice : report->notices) profile_.notify(notice);
    settings_.attach(store_, report->settings);
  } else {
    profile_.notify(report.error);
  }
  configureModel();
  Q_EMIT opened(report.error);
}

void Program::configureModel() {
  const auto tune = [this] {
    inference_.configure(settings_.value(setting::threads).toInt(), settings_.value(setting::contextLength).toInt());
  };
  const auto load = [this] {
    inference_.load({settings_.value(setting::modelFile).toString(), ModelSearch::standardFolders(profile_.folder())});
  };
  tune();
  load();
  connect(&settings_, &Settings::changed, this, [tune, load](const QString& key) {
    if (key == QLatin1String(setting::threads) || key == QLatin1String(setting::contextLength)) tune();
    if (key == QLatin1String(setting::modelFile)) load();
  });
}

void Program::shutDown() {
  chat_.shutDown();
  store_.close();
}

}  // namespace hadal
