#include "hadal/thread_priority.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hadal {

void lower_current_thread_priority() {
  constexpr int kNice = 10;
  // Linux keeps nice values per thread: PRIO_PROCESS with a thread id touches that thread alone.
  const auto thread = static_cast<id_t>(syscall(SYS_gettid));
  setpriority(PRIO_PROCESS, thread, kNice);
  sched_param none{};
  sched_setscheduler(static_cast<pid_t>(thread), SCHED_BATCH, &none);
}

}  // namespace hadal
