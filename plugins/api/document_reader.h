#pragma once

#include <span>
#include <string_view>

namespace hadal::plugin {

/// A kind of file a reader knows.
struct DocumentFormat {
  std::string_view mime;    ///< "text/markdown"; "text/*" for all of a kind. May be empty.
  std::string_view suffix;  ///< "md", lower case, without the dot. May be empty.
};

/// A file somebody attached: nothing in it is to be trusted.
struct Document {
  std::string_view name;   ///< The file's name without its folder.
  std::string_view mime;   ///< As the desktop knows it; may be empty.
  std::string_view bytes;  ///< All of the file.
};

/// Takes what a reader finds, so that no memory changes hands between libraries.
class TextSink {
 public:
  /// A piece of the document's text, whole UTF-8 characters, lines ending in "\n". False: stop, there is enough or the
  /// person cancelled; the reader then returns at once.
  virtual bool text(std::string_view piece) = 0;
  /// Why the document cannot be read, or what of it was left out: one sentence for a person.
  virtual void problem(std::string_view sentence) = 0;

 protected:
  ~TextSink() = default;
};

/// Turns a file into text a model can read. Called from several threads at once; keeps no state between calls, throws
/// nothing, opens no file and no connection.
class DocumentReader {
 public:
  virtual std::span<const DocumentFormat> formats() const = 0;
  /// False, with a problem told to `sink`, if the document cannot be read.
  virtual bool read(const Document& document, TextSink& sink) const = 0;

 protected:
  ~DocumentReader() = default;
};

}  // namespace hadal::plugin
