#include "resources/resources.h"

#include <QtGlobal>

// Q_INIT_RESOURCE declares a function of the global namespace, so it has to stand outside of ours.
static void initFiles() {
  Q_INIT_RESOURCE(hadal_files);
  Q_INIT_RESOURCE(hadal_translations);
}

namespace hadal {

void initResources() {
  initFiles();
}

}  // namespace hadal
