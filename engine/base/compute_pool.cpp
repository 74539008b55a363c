#include "base/compute_pool.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#include "base/aligned_buffer.h"
#include "hadal/thread_priority.h"

namespace hadal {
namespace {

/// About 20 to 50 microseconds of waiting for the next loop of the same step before a thread sleeps: longer than the
/// serial code between two operations, far shorter than a frame of the screen.
constexpr int kSpins = 1000;

/// Small pieces even out a core that is busy elsewhere; 16 for each thread cost well under a microsecond of counting.
constexpr std::int64_t kPiecesPerThread = 16;

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

int usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

constexpr int kMaxThreads = 256;

/// A thread's pieces of the loop that runs now, and how many threads it is for, in one word: whoever takes one by
/// compare-and-swap knows that the loop is still the one it read, so a thread that wakes late never has to be waited
/// for.
struct Pieces {
  std::uint64_t loop : 29 = 0;
  std::uint64_t threads : 9 = 0;
  std::uint64_t next : 13 = 0;
  std::uint64_t end : 13 = 0;

  static Pieces unpack(std::uint64_t word) { return std::bit_cast<Pieces>(word); }
  std::uint64_t pack() const { return std::bit_cast<std::uint64_t>(*this); }
};
static_assert(sizeof(Pieces) == sizeof(std::uint64_t) && kMaxThreads * kPiecesPerThread < 1 << 13);

struct alignas(64) Share {
  std::atomic<std::uint64_t> pieces{0};
};

}  // namespace

struct ComputePool::Impl {
  using Body = std::function<void(std::int64_t, std::int64_t, int)>;

  // Written by the caller between loops only; read by whoever holds a piece.
  const Body* body = nullptr;
  std::int64_t count = 0;
  std::int64_t piece_length = 0;

  /// Each thread begins with neighbouring pieces, from the first to the last, so that what it reads from memory comes
  /// in one stream; whoever is done takes the last pieces of others.
  std::vector<Share> shares;
  std::uint32_t loop = 0;
  std::uint32_t total = 0;  ///< Pieces of the current loop.
  /// Threads that loops run on; the others sleep until this changes.
  alignas(64) std::atomic<int> active{1};
  alignas(64) std::atomic<std::uint32_t> done{0};   ///< Pieces finished of the current loop.
  alignas(64) std::atomic<std::uint32_t> epoch{0};  ///< Changes with every loop; sleepers wait on it.
  std::atomic<bool> stop{false};
  std::atomic<bool> out_of_memory{false};  ///< A piece of the current loop threw.
  std::vector<std::thread> workers;
  AlignedBuffer working_memory;

  explicit Impl(std::size_t threads) : shares(threads) {}

  /// A piece of `share` for `thread`, its first or its last; -1 if it has none left.
  static int take(Share& share, int thread, bool first) {
    std::uint64_t word = share.pieces.load(std::memory_order_acquire);
    for (;;) {
      Pieces left = Pieces::unpack(word);
      if (left.next >= left.end || thread >= static_cast<int>(left.threads)) return -1;
      const auto piece = static_cast<int>(first ? left.next : left.end - 1);
      if (first)
        ++left.next;
      else
        --left.end;
      if (share.pieces.compare_exchange_weak(word, left.pack(), std::memory_order_acq_rel, std::memory_order_acquire))
        return piece;
    }
  }

  int take(int thread) {
    const std::size_t own = static_cast<std::size_t>(thread), threads = shares.size();
    int piece = take(shares[own], thread, true);
    for (std::size_t i = 1; piece < 0 && i < threads; ++i) piece = take(shares[(own + i) % threads], thread, false);
    return piece;
  }

  /// Takes and runs pieces until none is left; returns whether there was one.
  bool run_pieces(int thread) {
    bool worked = false;
    for (int piece = take(thread); piece >= 0; piece = take(thread)) {
      const std::uint32_t pieces = total;
      const std::int64_t begin = piece * piece_length;
      try {
        (*body)(begin, std::min(begin + piece_length, count), thread);
      } catch (const std::bad_alloc&) {
        out_of_memory.store(true, std::memory_order_relaxed);
      }
      worked = true;
      if (done.fetch_add(1, std::memory_order_acq_rel) + 1 == pieces) done.notify_one();
    }
    return worked;
  }

  void work(int thread) {
    lower_current_thread_priority();
    int spins = 0;
    while (!stop.load(std::memory_order_relaxed)) {
      if (const int now = active.load(std::memory_order_acquire); thread >= now) {
        active.wait(now, std::memory_order_acquire);
        continue;
      }
      const std::uint32_t seen = epoch.load(std::memory_order_acquire);
      if (run_pieces(thread)) {
        spins = 0;
      } else if (++spins < kSpins) {
        relax();
      } else {
        epoch.wait(seen, std::memory_order_acquire);
        spins = 0;
      }
    }
  }

  void publish(const Body& loop_body, std::int64_t loop_count, std::int64_t length, std::uint32_t pieces) {
    body = &loop_body;
    count = loop_count;
    piece_length = length;
    total = pieces;
    done.store(0, std::memory_order_relaxed);
    ++loop;
    const auto threads = static_cast<std::uint32_t>(active.load(std::memory_order_relaxed));
    const auto bound = [&](std::uint32_t share) { return share < threads ? share * pieces / threads : pieces; };
    for (std::uint32_t i = 0; i < shares.size(); ++i) {
      Pieces own;
      own.loop = loop & 0x1FFFFFFFU;
      own.threads = threads & 0x1FFU;
      own.next = bound(i) & 0x1FFFU;
      own.end = bound(i + 1) & 0x1FFFU;
      shares[i].pieces.store(own.pack(), std::memory_order_release);
    }
    epoch.fetch_add(1, std::memory_order_release);
    epoch.notify_all();
  }

  void await(std::uint32_t pieces) {
    for (int spins = 0; spins < kSpins; ++spins) {
      if (done.load(std::memory_order_acquire) == pieces) return;
      relax();
    }
    for (std::uint32_t seen = done.load(std::memory_order_acquire); seen != pieces;
         seen = done.load(std::memory_order_acquire)) {
      done.wait(seen, std::memory_order_acquire);
    }
  }
};

ComputePool::ComputePool(int threads) {
  const int wanted = std::clamp(threads > 0 ? threads : usable_cores(), 1, kMaxThreads);
  impl_ = std::make_unique<Impl>(static_cast<std::size_t>(wanted));
  try {
    for (int i = 1; i < wanted; ++i) impl_->workers.emplace_back([impl = impl_.get(), i] { impl->work(i); });
  } catch (const std::system_error&) {
    // The system gives no more threads: those that started, and the caller, do the work.
  }
  use(size());
}

ComputePool::~ComputePool() {
  impl_->stop.store(true, std::memory_order_relaxed);
  impl_->epoch.fetch_add(1, std::memory_order_release);
  impl_->epoch.notify_all();
  impl_->active.store(kMaxThreads + 1, std::memory_order_release);
  impl_->active.notify_all();
  for (std::thread& worker : impl_->workers) worker.join();
}

std::byte* ComputePool::working_memory(std::size_t bytes) {
  if (bytes > impl_->working_memory.size()) {
    release_working_memory();
    auto grown = AlignedBuffer::create(bytes);
    if (!grown) throw std::bad_alloc();
    impl_->working_memory = std::move(*grown);
  }
  return impl_->working_memory.data();
}

void ComputePool::release_working_memory() {
  impl_->working_memory = AlignedBuffer();
}

int ComputePool::size() const {
  return static_cast<int>(impl_->workers.size()) + 1;
}

int ComputePool::threads() const {
  return impl_->active.load(std::memory_order_relaxed);
}

void ComputePool::use(int threads) {
  threads = std::clamp(threads, 1, size());
  if (impl_->active.exchange(threads, std::memory_order_acq_rel) != threads) impl_->active.notify_all();
}

void ComputePool::for_range(std::int64_t count, std::int64_t grain,
                            const std::function<void(std::int64_t, std::int64_t, int)>& body) {
  if (count <= 0) return;
  grain = std::max<std::int64_t>(grain, 1);
  if (threads() == 1 || count <= grain) return body(0, count, 0);

  const std::int64_t most = threads() * kPiecesPerThread;
  std::int64_t length = std::max(grain, (count + most - 1) / most);
  length = (length + grain - 1) / grain * grain;  // whole grains, so that pieces begin where the kernels' tiles do
  const std::int64_t pieces = (count + length - 1) / length;
  impl_->publish(body, count, length, static_cast<std::uint32_t>(pieces));
  impl_->run_pieces(0);
  impl_->await(static_cast<std::uint32_t>(pieces));
  if (impl_->out_of_memory.exchange(false, std::memory_order_relaxed)) throw std::bad_alloc();
}

}  // namespace hadal
