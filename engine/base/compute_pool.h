#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace hadal {

/// Threads for data-parallel loops. They run below the priority of the program's other threads, so that a window
/// stays alive while every core computes. Not re-entrant; one caller at a time.
class ComputePool {
 public:
  /// `threads` counts the calling thread; 0 means one per core this process may use.
  explicit ComputePool(int threads);
  ~ComputePool();
  ComputePool(const ComputePool&) = delete;
  ComputePool& operator=(const ComputePool&) = delete;

  /// Threads there are.
  int size() const;
  /// Threads that loops run on: all of them, unless use() says fewer. The others sleep.
  int threads() const;
  /// Loops from now on run on so many threads, 1 to size(). By the thread that runs them.
  void use(int threads);

  /// Calls body(begin, end, thread) over disjoint ranges that cover [0, count), each at least `grain` long except the
  /// last; `thread` is in [0, threads()). Returns when all are done. A std::bad_alloc of the body reaches the caller,
  /// on whichever thread it was thrown; nothing else may be thrown.
  void for_range(std::int64_t count, std::int64_t grain,
                 const std::function<void(std::int64_t begin, std::int64_t end, int thread)>& body);

  /// At least `bytes` of memory aligned to 64 for the caller's own use between loops and in them; what was given before
  /// is gone. It grows to the largest size asked for and stays. Throws std::bad_alloc.
  std::byte* working_memory(std::size_t bytes);
  void release_working_memory();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hadal
