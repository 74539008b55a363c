// Text, Markdown and source code as they are, whatever encoding they were saved in.
#include <array>
#include <string>

#include "encoding.h"
#include "plugins/api/document_reader.h"
#include "plugins/api/plugin.h"

namespace {

using namespace hadal::plugin;

constexpr DocumentFormat suffix(std::string_view name) {
  return {{}, name};
}
constexpr std::array formats = {DocumentFormat{"text/*", {}},
                                DocumentFormat{"application/json", "json"},
                                DocumentFormat{"application/xml", "xml"},
                                DocumentFormat{"application/x-shellscript", "sh"},
                                DocumentFormat{"application/javascript", "js"},
                                DocumentFormat{"application/x-yaml", "yaml"},
                                DocumentFormat{"application/toml", "toml"},
                                DocumentFormat{"application/sql", "sql"},
                                suffix("txt"),
                                suffix("md"),
                                suffix("markdown"),
                                suffix("rst"),
                                suffix("org"),
                                suffix("tex"),
                                suffix("log"),
                                suffix("csv"),
                                suffix("tsv"),
                                suffix("ini"),
                                suffix("conf"),
                                suffix("yml"),
                                suffix("jsonl"),
                                suffix("html"),
                                suffix("css"),
                                suffix("c"),
                                suffix("h"),
                                suffix("cpp"),
                                suffix("hpp"),
                                suffix("cc"),
                                suffix("cu"),
                                suffix("py"),
                                suffix("rs"),
                                suffix("go"),
                                suffix("java"),
                                suffix("kt"),
                                suffix("swift"),
                                suffix("rb"),
                                suffix("pl"),
                                suffix("lua"),
                                suffix("ts"),
                                suffix("tsx"),
                                suffix("jsx"),
                                suffix("cmake"),
                                suffix("qml"),
                                suffix("diff"),
                                suffix("patch")};

/// "\r\n" and a lone "\r" become "\n", in place.
void unify_line_ends(std::string& text) {
  std::size_t to = 0;
  for (std::size_t from = 0; from < text.size(); ++from) {
    const bool carriage = text[from] == '\r';
    if (carriage && from + 1 < text.size() && text[from + 1] == '\n') continue;
    text[to++] = carriage ? '\n' : text[from];
  }
  text.resize(to);
}

class PlainText final : public DocumentReader {
 public:
  std::span<const DocumentFormat> formats() const override { return ::formats; }

  bool read(const Document& document, TextSink& sink) const override {
    const plain_text::Guess guess = plain_text::guess_encoding(document.bytes);
    if (!guess.charset) {
      sink.problem("It holds binary data, not text.");
      return false;
    }
    std::string text;
    std::size_t bad = 0;
    if (!plain_text::to_utf8(document.bytes.substr(guess.skip), guess.charset, text, bad)) {
      sink.problem(std::string("This system cannot convert ") + guess.charset + ".");
      return false;
    }
    unify_line_ends(text);
    if (bad > 0) {
      sink.problem(std::to_string(bad) + (bad == 1 ? " character is" : " characters are") +
                   " damaged and shown as U+FFFD.");
    }
    return sink.text(text);
  }
};

const DocumentReader* document_reader() {
  static const PlainText reader;
  return &reader;
}

}  // namespace

extern "C" HADAL_PLUGIN_EXPORT const Manifest hadal_plugin_manifest;
const Manifest hadal_plugin_manifest = {api_version,
                                        "plain_text",
                                        "Plain text",
                                        "1.0",
                                        "Reads text, Markdown and source code in Unicode, GB18030 and Windows-1252.",
                                        document_reader};
