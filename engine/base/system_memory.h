#pragma once

#include <cstdint>
#include <filesystem>

namespace hadal {

/// Bytes of memory this process could take now without anything being swapped out or killed: what the kernel says is
/// available, and no more than the control groups (versions 1 and 2) of the process leave; what their page cache holds
/// can be given back and counts as free. 2^64 - 1 where the system tells nothing. The arguments are for tests.
std::uint64_t available_memory(const std::filesystem::path& proc = "/proc",
                               const std::filesystem::path& groups = "/sys/fs/cgroup");

}  // namespace hadal
