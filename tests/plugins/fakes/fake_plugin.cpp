// Plugins that are wrong in one way each, and a canary: it leaves a trace when it is merely loaded.
#include <cstdio>
#include <cstdlib>

#include "plugins/api/plugin.h"

namespace {
__attribute__((constructor)) void sing() {
  if (const char* file = std::getenv("HADAL_CANARY_FILE")) {
    if (std::FILE* trace = std::fopen(file, "a")) {
      std::fputs("loaded\n", trace);
      std::fclose(trace);
    }
  }
}
}  // namespace

#ifndef FAKE_WITHOUT_MANIFEST
extern "C" HADAL_PLUGIN_EXPORT const hadal::plugin::Manifest hadal_plugin_manifest;
const hadal::plugin::Manifest hadal_plugin_manifest = {FAKE_API, FAKE_ID, FAKE_NAME, "1.0", "For tests.", nullptr};
#endif
