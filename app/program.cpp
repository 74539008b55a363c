#include "app/program.h"

#include <QDeadlineTimer>
#include <QFileInfo>
#include <QThread>

#include "app/inference/measured_threads.h"
#include "app/inference/sampling_settings.h"
#include "app/language/engine_words.h"
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
      language_(line.language.isEmpty() ? QStringLiteral("system") : line.language),
      profile_(line.profile.isEmpty() ? Profile::standardFolder() : line.profile),
      store_(storeOptions(profile_)),
      chat_(store_, inference_, settings_) {
  settings_.overrideForRun(setting::dataFolder, profile_.folder());
  if (!line_.model.isEmpty()) settings_.overrideForRun(setting::modelFile, line_.model);
  if (!line_.language.isEmpty()) settings_.overrideForRun(setting::language, line_.language);
  if (!line_.theme.isEmpty()) settings_.overrideForRun(setting::theme, line_.theme);
  if (line_.context) settings_.overrideForRun(setting::contextLength, *line_.context);
  if (line_.threads) settings_.overrideForRun(setting::threads, *line_.threads);
  followLanguage();
}

/// Before anybody else listens to the settings, so that what they say is in the new language.
void Program::followLanguage() {
  connect(&settings_, &Settings::changed, this, [this](const QString& key, const QVariant& value) {
    if (key == QLatin1String(setting::language)) language_.set(value.toString());
  });
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
  what.seed = line_.seed;
  what.maxTokens = line_.maxTokens;
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
  for (const QString& sentence : policy::recommend(QString::fromLatin1(policy::recommendedFolder), settings_)) {
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
  if (report) settings_.attach(store_, report->settings);
  if (profile_.accessMode() == Profile::Access::ReadOnly) {
    const bool scratch = report && report->mode == StoreReport::Mode::Scratch;
    profile_.notify(!report   ? profile_.reason()
                    : scratch ? profile_.reason() + u' ' + tr("You can read and chat here, but nothing of it is kept.")
                              : profile_.reason() + u' ' + tr("You can read here, but not write."));
  }
  for (const QString& notice : report ? report->notices : QStringList(report.error)) profile_.notify(notice);
  if (profile_.accessMode() == Profile::Access::Writable) keepChats();
  configureModel();
  Q_EMIT opened(report.error);
}

void Program::keepChats() {
  const QString folder = profile_.folder() + QStringLiteral("/caches");
  const auto apply = [this, folder] { inference_.keepChats(folder, settings_.value(setting::keepChats).toBool()); };
  apply();
  connect(&settings_, &Settings::changed, this, [apply](const QString& key) {
    if (key == QLatin1String(setting::keepChats)) apply();
  });
}

void Program::configureModel() {
  const auto tune = [this] {
    inference_.configure(settings_.value(setting::threads).toInt(), settings_.value(setting::contextLength).toInt());
  };
  keepMeasuredThreads(settings_, inference_);
  tune();
  connect(&settings_, &Settings::changed, this, [tune](const QString& key) {
    if (key == QLatin1String(setting::threads) || key == QLatin1String(setting::contextLength)) tune();
  });
  connect(&inference_, &InferenceService::statusChanged, this, &Program::tellOfSmallerContext);
  connect(&inference_, &InferenceService::statusChanged, this, &Program::takeAdvice);
  connect(&inference_, &InferenceService::modelLoaded, this, &Program::modelLoaded);
  connect(&inference_, &InferenceService::modelFailed, this, &Program::modelFailed);
  settings_.tryFirst(setting::modelFile, [this](const QVariant& wanted) { chooseModel(wanted.toString()); });
  ModelSearch search{settings_.value(setting::modelFile).toString(), ModelSearch::standardFolders(profile_.folder())};
  // Who names a file for this run, or for everybody on the machine, wants that one or none.
  search.fallBack = line_.model.isEmpty() && !settings_.isLocked(setting::modelFile);
  inference_.load(search);
}

void Program::tellOfSmallerContext(const ModelStatus& status) {
  const int wanted = settings_.value(setting::contextLength).toInt();
  if (status.state != ModelStatus::State::Ready || status.contextLength >= wanted) return;
  const QString sentence = tr("The context is set to %L1 tokens, but %2 was made for %L3: so many are used.")
                               .arg(wanted)
                               .arg(status.name)
                               .arg(status.contextLength);
  if (std::exchange(toldOfContext_, sentence) != sentence) profile_.notify(sentence);
}

void Program::takeAdvice(const ModelStatus& status) {
  // While another one loads, the one there was goes on answering.
  if (status.state == ModelStatus::State::Loading) return;
  adviseSampling(settings_, status.advice);
}

void Program::chooseModel(const QString& file) {
  chosenModel_ = file;
  if (file.isEmpty()) settings_.accept(setting::modelFile, file);
  inference_.load(ModelSearch{file, ModelSearch::standardFolders(profile_.folder())});
}

void Program::modelLoaded(const QString& file) {
  if (!chosenModel_.isEmpty() && file == chosenModel_) settings_.accept(setting::modelFile, inference_.status().path);
  chosenModel_.clear();
}

void Program::modelFailed(const QString& file, const QString& error) {
  const bool chosenNow = !chosenModel_.isEmpty() && file == chosenModel_;
  chosenModel_.clear();
  if (chosenNow) settings_.reject(setting::modelFile);
  const ModelStatus& status = inference_.status();
  // Without any model the status says it.
  if (status.state != ModelStatus::State::Ready) return;
  const bool kept = !chosenNow && file == settings_.value(setting::modelFile).toString();
  const QString sentence =
      kept ? tr("The model %1, which the settings name, cannot be used: %2 For now %3 answers; the setting is kept.")
           : tr("The model %1 cannot be used: %2 %3 goes on answering.");
  profile_.notify(sentence.arg(file, engineWords(error), status.name));
}

void Program::shutDown() {
  chat_.shutDown();
  store_.close();
}

}  // namespace hadal
