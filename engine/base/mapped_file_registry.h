#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace hadal {

/// The files that are mapped in this process, for the two questions that no MappedFile at hand can answer: a signal
/// handler's, whose address this is, and the engine's, whether the bytes it computes with are still the file's.
///
/// The one table of the process: signal handlers are per process and are given nothing but an address. It holds no
/// state of a model's; any number of engines share it. Any thread.
class MappedFileRegistry {
 public:
  static constexpr int none = -1;

  /// `descriptor` stays open until remove(). none if the table is full: the file is then mapped without protection.
  static int add(std::span<const std::byte> bytes, int descriptor);
  static void remove(int entry);

  /// Looks whether files became shorter, and counts those that did, and those that faulted, since the program began.
  static std::uint32_t damages();
  /// Whether the file mapped at this address is one of them.
  static bool damaged(const void* address);
};

}  // namespace hadal
