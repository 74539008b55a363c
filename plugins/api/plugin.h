#pragma once

#include <cstdint>

namespace hadal::plugin {

class DocumentReader;

/// Raised with every change of a header in this folder. A plugin built for another one is refused.
inline constexpr std::uint32_t api_version = 1;

/// What a plugin is, as a constant: looking at it runs none of the plugin's code. Texts are UTF-8 and live as long as
/// the plugin.
struct Manifest {
  std::uint32_t api_version;  ///< Keeps its place in every version.
  const char* id;             ///< "plain_text": the library's name without "lib" and ".so".
  const char* name;           ///< For a person: "Plain text".
  const char* version;
  const char* summary;  ///< One sentence.
  /// What the plugin can do; null for kinds it does not offer. The object belongs to the plugin.
  const DocumentReader* (*document_reader)();
};

}  // namespace hadal::plugin

/// A plugin is a shared library with exactly this one visible name:
///   extern "C" HADAL_PLUGIN_EXPORT const hadal::plugin::Manifest hadal_plugin_manifest;
///   const hadal::plugin::Manifest hadal_plugin_manifest = {hadal::plugin::api_version, ...};
#define HADAL_PLUGIN_EXPORT __attribute__((visibility("default")))
