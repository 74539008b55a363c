#pragma once

namespace hadal {

/// Threads that begin from now on have room for what they compute, however small a stack the shell allows
/// (ulimit -s): kernels and the database keep blocks of their work there. Before any thread begins.
void ensureThreadStacks();

}  // namespace hadal
