#include "base/mapped_file_registry.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>

#include "hadal/mapped_files.h"

namespace hadal {
namespace {

/// A model of DeepSeek-V3's size comes in about 160 files; several may be open.
constexpr std::size_t kEntries = 1024;

struct Entry {
  std::atomic<const std::byte*> begin{nullptr};  ///< Null: free. Written last, so that a handler sees a whole entry.
  std::atomic<std::size_t> size{0};
  std::atomic<bool> damaged{false};
  int descriptor = -1;  ///< Under the mutex.
};

struct Table {
  std::array<Entry, kEntries> entries;
  std::atomic<std::uint32_t> damages{0};
  std::mutex mutex;  ///< For everybody but the signal handler.
};
static_assert(std::atomic<const std::byte*>::is_always_lock_free && std::atomic<std::size_t>::is_always_lock_free);

/// Constant-initialised: there is no moment at which the handler could find it half made.
constinit Table table;

Entry* entry_of(const void* address) {
  for (Entry& entry : table.entries) {
    const std::byte* begin = entry.begin.load(std::memory_order_acquire);
    if (begin == nullptr || address < begin || address >= begin + entry.size.load(std::memory_order_relaxed)) continue;
    return &entry;
  }
  return nullptr;
}

void mark(Entry& entry) {
  if (!entry.damaged.exchange(true)) table.damages.fetch_add(1);
}

}  // namespace

int MappedFileRegistry::add(std::span<const std::byte> bytes, int descriptor) {
  const std::scoped_lock lock(table.mutex);
  for (std::size_t i = 0; i < kEntries; ++i) {
    Entry& entry = table.entries[i];
    if (entry.begin.load() != nullptr) continue;
    entry.size = bytes.size();
    entry.damaged = false;
    entry.descriptor = descriptor;
    entry.begin.store(bytes.data(), std::memory_order_release);
    return static_cast<int>(i);
  }
  return none;
}

void MappedFileRegistry::remove(int entry) {
  if (entry == none) return;
  const std::scoped_lock lock(table.mutex);
  table.entries[static_cast<std::size_t>(entry)].begin = nullptr;
}

std::uint32_t MappedFileRegistry::damages() {
  const std::scoped_lock lock(table.mutex);
  for (Entry& entry : table.entries) {
    if (entry.begin.load() == nullptr || entry.damaged) continue;
    struct stat status {};
    const bool shorter =
        ::fstat(entry.descriptor, &status) == 0 && static_cast<std::size_t>(status.st_size) < entry.size;
    if (shorter) mark(entry);
  }
  return table.damages;
}

bool MappedFileRegistry::damaged(const void* address) {
  const std::scoped_lock lock(table.mutex);
  const Entry* entry = entry_of(address);
  return entry != nullptr && entry->damaged;
}

bool survive_bus_error(const void* address) noexcept {
  const int before = errno;
  Entry* entry = entry_of(address);
  if (entry == nullptr) return false;
  const std::byte* begin = entry->begin.load();
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t first = static_cast<std::size_t>(static_cast<const std::byte*>(address) - begin) / page * page;
  // All that follows at once: pages behind a file's end would each fault in turn.
  void* zeros = ::mmap(const_cast<std::byte*>(begin) + first, entry->size.load() - first, PROT_READ,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  errno = before;
  if (zeros == MAP_FAILED) return false;
  mark(*entry);
  return true;
}

}  // namespace hadal
