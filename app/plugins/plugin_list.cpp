#include "app/plugins/plugin_list.h"

#include <QCoreApplication>

#include "plugins/loader/plugin_host.h"

namespace hadal {

namespace {

/// The context that lupdate finds this file's sentences in.
struct Sentences {
  Q_DECLARE_TR_FUNCTIONS(Plugins)
};

}  // namespace

QString pluginList() {
  const auto folder = PluginHost::own_folder();
  if (!folder) return QString::fromStdString(folder.error().message) + u'\n';
  const PluginHost host = PluginHost::load(*folder);
  QString list;
  for (const LoadedPlugin& plugin : host.plugins()) {
    const auto text = [](const char* words) { return QString::fromUtf8(words); };
    list += QStringLiteral("%1 %2 (%3): %4\n")
                .arg(text(plugin.manifest->name), text(plugin.manifest->version), text(plugin.manifest->id),
                     text(plugin.manifest->summary));
  }
  for (const PluginProblem& problem : host.problems()) {
    list += Sentences::tr("Not opened: %1").arg(QString::fromStdString(problem.sentence)) + u'\n';
  }
  if (list.isEmpty()) list = Sentences::tr("There are no plugins.") + u'\n';
  return list + Sentences::tr("Folder: %1").arg(QString::fromStdString(folder->lexically_normal().string())) + u'\n';
}

}  // namespace hadal
