#pragma once

namespace hadal {

/// For a program's SIGBUS handler, with the address that could not be read (siginfo_t::si_addr). A model is mapped from
/// its file; if another program shortens the file, or its disk fails, reading its pages faults, in whatever thread
/// computes. If the address lies in a model's file, that page and the ones behind it are replaced by zeros, so that the
/// thread can go on, and true comes back. What is computed from there on is worthless: the engine notices it at the
/// step's end and lets every request of that model fail with a sentence, this one and later ones.
///
/// Calls only what may be called in a signal handler: atomics without locks, and mmap, a bare system call.
bool survive_bus_error(const void* address) noexcept;

}  // namespace hadal
