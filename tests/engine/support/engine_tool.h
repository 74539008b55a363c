#pragma once

#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>

namespace hadal::test {

/// What became of one run of a program; code -1 if it crashed or did not end.
struct ToolOutcome {
  int code = -1;
  QByteArray output, errors;
  QJsonObject json() const { return QJsonDocument::fromJson(output).object(); }
  /// One line on stderr, and nothing else anywhere.
  bool refused(int expected) const {
    return code == expected && output.isEmpty() && errors.startsWith("hadal-engine: ") && errors.endsWith(".\n") &&
           errors.count('\n') == 1;
  }
};

inline ToolOutcome run_program(QProcess& process, const QString& program, const QStringList& arguments) {
  process.start(program, arguments);
  if (!process.waitForFinished(120'000) || process.exitStatus() != QProcess::NormalExit) return {};
  return {process.exitCode(), process.readAllStandardOutput(), process.readAllStandardError()};
}

inline QString engine_tool_path() {
  return qEnvironmentVariable("HADAL_BIN_DIR") + "/hadal-engine";
}

inline ToolOutcome engine_tool(const QStringList& arguments, const QStringList& environment = {}) {
  QProcess process;
  process.setEnvironment(QProcess::systemEnvironment() + environment);
  return run_program(process, engine_tool_path(), arguments);
}

/// A shell's command line in which $E is the tool; `arguments` are $1 and up, as bytes.
inline ToolOutcome shell(const QString& line, const QStringList& arguments = {}) {
  QProcess process;
  process.setEnvironment(QProcess::systemEnvironment() + QStringList{"E=" + engine_tool_path()});
  return run_program(process, "/bin/sh", QStringList{"-c", line, "sh"} + arguments);
}

}  // namespace hadal::test
