#include "app/thread_stacks.h"

#include <pthread.h>

#include <cstddef>

namespace hadal {

void ensureThreadStacks() {
  // What Linux gives where nobody says otherwise. It is reserved, and taken only as it is used.
  constexpr std::size_t kStack = std::size_t{8} << 20;
  pthread_attr_t attributes;
  if (pthread_getattr_default_np(&attributes) != 0) return;
  std::size_t size = 0;
  if (pthread_attr_getstacksize(&attributes, &size) == 0 && size < kStack &&
      pthread_attr_setstacksize(&attributes, kStack) == 0)
    pthread_setattr_default_np(&attributes);
  pthread_attr_destroy(&attributes);
}

}  // namespace hadal
