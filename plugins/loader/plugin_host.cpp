#include "plugins/loader/plugin_host.h"

#include <algorithm>
#include <cctype>
#include <system_error>

namespace hadal {
namespace {

Error unusable(std::string sentence) {
  return {ErrorCode::unavailable, std::move(sentence)};
}

/// "plain_text" of ".../libplain_text.so".
std::string id_of(const std::filesystem::path& file) {
  std::string stem = file.stem().string();
  return stem.starts_with("lib") ? stem.substr(3) : stem;
}

Result<LoadedPlugin> open_plugin(const std::filesystem::path& file) {
  const auto library = NativeLibrary::open(file);
  if (!library) return library.error();
  const auto* manifest = static_cast<const plugin::Manifest*>(library->symbol("hadal_plugin_manifest"));
  if (!manifest) return unusable(file.string() + " is not a plugin of Hadal.");
  if (manifest->api_version != plugin::api_version) {
    return unusable(file.string() + " was built for plugin interface " + std::to_string(manifest->api_version) +
                    ", but this Hadal has " + std::to_string(plugin::api_version) + ". Install a matching one.");
  }
  if (!manifest->id || !manifest->name || !manifest->version || !manifest->summary) {
    return unusable(file.string() + " does not say what it is.");
  }
  if (id_of(file) != manifest->id) {
    return unusable(file.string() + " calls itself \"" + manifest->id + "\"; a plugin's file bears its name.");
  }
  return LoadedPlugin{.file = file,
                      .library = *library,
                      .manifest = manifest,
                      .document_reader = manifest->document_reader ? manifest->document_reader() : nullptr};
}

std::vector<std::filesystem::path> libraries_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".so") files.push_back(entry->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string lower_suffix(std::string_view name) {
  const auto dot = name.rfind('.');
  std::string suffix(dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1));
  for (char& c : suffix) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return suffix;
}

/// 3: by suffix, 2: by type, 1: by kind, 0: not at all.
int match(const plugin::DocumentFormat& format, std::string_view suffix, std::string_view mime) {
  if (!suffix.empty() && format.suffix == suffix) return 3;
  if (!mime.empty() && format.mime == mime) return 2;
  const bool kind = format.mime.ends_with("/*") && mime.starts_with(format.mime.substr(0, format.mime.size() - 1));
  return kind ? 1 : 0;
}

class LimitedText final : public plugin::TextSink {
 public:
  explicit LimitedText(std::size_t limit) : limit_(limit) {}

  bool text(std::string_view piece) override {
    const std::size_t room = limit_ - out.text.size();
    if (piece.size() <= room) {
      out.text += piece;
      return true;
    }
    std::size_t cut = room;
    // Bytes 10xxxxxx continue a character.
    while (cut > 0 && (static_cast<unsigned char>(piece[cut]) & 0xC0U) == 0x80U) --cut;
    out.text += piece.substr(0, cut);
    out.truncated = true;
    return false;
  }
  void problem(std::string_view sentence) override { out.remark = sentence; }

  DocumentText out;

 private:
  std::size_t limit_;
};

}  // namespace

Result<std::filesystem::path> PluginHost::own_folder() {
  auto folder = NativeLibrary::own_folder();
  if (!folder) return folder.error();
  return *folder / "plugins";
}

PluginHost PluginHost::load(const std::filesystem::path& folder) {
  PluginHost host;
  for (const auto& file : libraries_in(folder)) {
    auto plugin = open_plugin(file);
    if (plugin) {
      host.plugins_.push_back(*std::move(plugin));
    } else {
      host.problems_.push_back({file, plugin.error().message});
    }
  }
  return host;
}

const plugin::DocumentReader* PluginHost::reader_for(std::string_view name, std::string_view mime) const {
  const std::string suffix = lower_suffix(name);
  const plugin::DocumentReader* best = nullptr;
  int best_match = 0;
  for (const LoadedPlugin& plugin : plugins_) {
    if (!plugin.document_reader) continue;
    for (const plugin::DocumentFormat& format : plugin.document_reader->formats()) {
      if (const int found = match(format, suffix, mime); found > best_match) {
        best = plugin.document_reader;
        best_match = found;
      }
    }
  }
  return best;
}

Result<DocumentText> PluginHost::read(const plugin::Document& document, std::size_t limit) const {
  const std::string name(document.name);
  const plugin::DocumentReader* reader = reader_for(document.name, document.mime);
  if (!reader) return Error{ErrorCode::unsupported, "No plugin reads files like " + name + "."};
  LimitedText sink(limit);
  const bool whole = reader->read(document, sink);
  if (!whole && !sink.out.truncated) {
    return Error{ErrorCode::invalid_file,
                 name + " cannot be read: " + (sink.out.remark.empty() ? "no reason given." : sink.out.remark)};
  }
  return std::move(sink.out);
}

}  // namespace hadal
