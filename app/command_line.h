#pragma once

#include <QStringList>
#include <optional>

#include "app/outcome.h"

namespace hadal {

struct CommandLine {
  enum class Mode { Window, Ask, Chat, Print };
  Mode mode = Mode::Window;
  QString print;                        ///< Mode::Print: help, version or plugins.
  QString ask;                          ///< Mode::Ask: the question; "-": it comes on the standard input.
  std::optional<quint64> seed;          ///< Mode::Ask: the same seed, question and model give the same answer.
  int maxTokens = 0;                    ///< Mode::Ask: the answer ends after so many; 0: when it is complete.
  bool json = false;                    ///< Mode::Ask: events, one JSON object a line, instead of the text.
  QString profile;                      ///< Empty: the standard one.
  QString model;                        ///< Absolute; empty: as the settings say.
  QString text;                         ///< Mode::Window: for the composer.
  QString language, theme;              ///< For this run; empty: as the settings say.
  std::optional<int> context, threads;  ///< For this run.
};

/// The words behind the program's name. The failure is one sentence about what is wrong with them, in the language of
/// the program, if it has one yet.
Outcome<CommandLine> parseCommandLine(const QStringList& arguments);

/// What --language says in words that are not understood otherwise; empty if nothing usable.
QString languageAmong(const QStringList& arguments);

}  // namespace hadal
