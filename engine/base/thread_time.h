#pragma once

#include <time.h>

namespace hadal {

/// The processor's time for this thread. What other programs take of it says nothing of how steps compare.
inline double thread_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace hadal
