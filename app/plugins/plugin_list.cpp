#include "app/plugins/plugin_list.h"

#include <QCoreApplication>

#include "plugins/loader/plugin_host.h"

namespace hadal {

QString pluginList() {
  const auto tr = [](const char* text) { return QCoreApplication::translate("Plugins", text); };
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
    list += tr("Not opened: %1").arg(QString::fromStdString(problem.sentence)) + u'\n';
  }
  if (list.isEmpty()) list = tr("There are no plugins.") + u'\n';
  return list + tr("Folder: %1").arg(QString::fromStdString(folder->lexically_normal().string())) + u'\n';
}

}  // namespace hadal
