#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "hadal/native_library.h"
#include "hadal/result.h"
#include "plugins/api/document_reader.h"
#include "plugins/api/plugin.h"

namespace hadal {

struct LoadedPlugin {
  std::filesystem::path file;
  NativeLibrary library;
  const plugin::Manifest* manifest;               ///< Never null.
  const plugin::DocumentReader* document_reader;  ///< Null if the plugin offers none.
};

struct PluginProblem {
  std::filesystem::path file;
  std::string sentence;
};

struct DocumentText {
  std::string text;        ///< UTF-8.
  std::string remark;      ///< What was left out, as a sentence; empty if nothing.
  bool truncated = false;  ///< The limit was reached.
};

/// The plugins of this program. Immutable once made, so every thread may use it.
class PluginHost {
 public:
  /// lib/hadal/plugins beside the running program's real file: the only place plugins come from.
  static Result<std::filesystem::path> own_folder();

  /// Opens every *.so of `folder`, in the order of their names. One that cannot be used becomes a problem with a
  /// sentence and the others go on; a folder that is not there holds no plugins.
  static PluginHost load(const std::filesystem::path& folder);

  const std::vector<LoadedPlugin>& plugins() const { return plugins_; }
  const std::vector<PluginProblem>& problems() const { return problems_; }

  /// The reader that names the suffix, else the MIME type, else the type's kind ("text/*"); null if none does.
  const plugin::DocumentReader* reader_for(std::string_view name, std::string_view mime) const;

  /// The text of a document, cut at a character boundary after `limit` bytes. Errors (unsupported, invalid_file) are
  /// sentences that name the file.
  Result<DocumentText> read(const plugin::Document& document, std::size_t limit) const;

 private:
  std::vector<LoadedPlugin> plugins_;
  std::vector<PluginProblem> problems_;
};

}  // namespace hadal
