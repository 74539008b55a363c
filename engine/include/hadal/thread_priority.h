#pragma once

namespace hadal {

/// Lets other threads of the machine go first: nice 10 and the batch policy, for the calling thread alone. Under
/// Linux's fair scheduler nice 10 weighs about a tenth of nice 0, so a window's thread that wakes is served at once.
/// For the thread that owns an Engine; its compute pool does the same. A thread cannot raise itself again. Does
/// nothing where the system refuses.
void lower_current_thread_priority();

}  // namespace hadal
