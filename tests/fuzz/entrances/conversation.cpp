#include "tools/conversation.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "fuzz/entrances/entrance.h"
#include "tools/json_file.h"

// A file of messages as the engine's tool reads it.
namespace hadal::test {
namespace {

/// A file in memory with a name that can be opened.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : number_(memfd_create("fuzzed", MFD_CLOEXEC)) {
    promise(number_ >= 0, "no file can be made");
    for (std::size_t done = 0; done < bytes.size();) {
      const ssize_t wrote = write(number_, bytes.data() + done, bytes.size() - done);
      promise(wrote > 0, "a file cannot be written");
      done += static_cast<std::size_t>(wrote);
    }
  }
  ~MemoryFile() { close(number_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(number_); }

 private:
  int number_;
};

}  // namespace

void enter_conversation(std::string_view input) {
  const MemoryFile file(input);
  const auto json = tools::read_json_file(file.path());
  const auto messages = tools::read_conversation(file.path());
  const std::string place = "The file " + file.path();
  if (!json) promise_sentence(json.error(), place);
  if (!messages) return promise_sentence(messages.error(), place);
  promise(json && json->is_array() && json->dump() == *messages, "messages that are not the file's");
}

}  // namespace hadal::test
