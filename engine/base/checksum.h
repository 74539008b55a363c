#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace hadal {

/// 64 bits that tell whether bytes are still what they were. Any change within eight bytes that begin at a multiple of
/// eight is seen for certain, any other but for one in 2^64; whoever wants to deceive can. Some 10 GB/s. Any thread.
std::uint64_t checksum(std::span<const std::byte> bytes, std::uint64_t seed = 0);

}  // namespace hadal
