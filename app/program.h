#pragma once

#include <QObject>
#include <memory>

#include "app/chat/chat_service.h"
#include "app/command_line.h"
#include "app/inference/local_inference.h"
#include "app/language/language.h"
#include "app/profile/instance.h"
#include "app/profile/profile.h"
#include "app/services.h"
#include "app/settings/settings.h"
#include "app/store/store.h"

namespace hadal {

/// Everything below the window, wired: made once for a profile, in the GUI thread.
class Program : public QObject {
  Q_OBJECT
 public:
  Program(const CommandLine& line, QObject* parent = nullptr);
  ~Program() override;

  /// Before start(): if another program has the profile, gives it what the command line asks for. Taken means that
  /// there is nothing left to do here; any other result leaves the profile writable or read-only.
  InstanceClient::Result handOver(InstanceClient& client);

  /// Opens the store, then finds and loads the model, all on their threads.
  void start();
  /// Stops answers, writes what is left and closes the store. Blocks for as long as the disk needs.
  void shutDown();

  Services services() { return {profile_, settings_, store_, inference_, chat_}; }
  InstanceServer& server() { return server_; }
  Profile& profile() { return profile_; }

 Q_SIGNALS:
  /// Settings are there and the lists can be read; or not, and the sentence says why.
  void opened(const QString& error);

 private:
  void use(const Outcome<StoreReport>& report);
  void followLanguage();
  void keepChats();
  void configureModel();
  void tellOfSmallerContext(const ModelStatus& status);
  void takeAdvice(const ModelStatus& status);
  void chooseModel(const QString& file);
  void modelLoaded(const QString& file);
  void modelFailed(const QString& file, const QString& error);
  HandOver wanted() const;

  CommandLine line_;
  Language language_;
  Profile profile_;
  Settings settings_;
  Store store_;
  LocalInference inference_;
  ChatService chat_;
  InstanceServer server_;
  QString chosenModel_;    ///< Being tried; kept in the settings if it can be loaded.
  QString toldOfContext_;  ///< The last sentence about it, so that it is said once.
};

}  // namespace hadal
