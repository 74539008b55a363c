#include "runtime/kv_cache.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "base/text.h"
#include "ops/attention/panels.h"

namespace hadal {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

Error refused(std::uint64_t bytes) {
  return {ErrorCode::out_of_memory,
          concat("The system has no ", human_bytes(bytes), " for the context's cache; choose a shorter context.")};
}

}  // namespace

std::uint64_t KvCache::bytes_for(const KvShape& shape, DType type, int tokens) {
  const auto rows = static_cast<std::uint64_t>(shape.key_row) + static_cast<unsigned>(shape.value_row);
  const std::uint64_t token = rows * dtype_traits(type).block_bytes * static_cast<unsigned>(shape.layers);
  return token * block_tokens * static_cast<unsigned>((tokens + block_tokens - 1) / block_tokens);
}

Result<std::unique_ptr<KvCache>> KvCache::create(const KvShape& shape, DType type, std::int32_t blocks) {
  std::unique_ptr<KvCache> cache(new KvCache(blocks));
  __extension__ using Wide = unsigned __int128;
  const Wide row = (Wide{static_cast<unsigned>(shape.key_row)} + static_cast<unsigned>(shape.value_row)) *
                   dtype_traits(type).block_bytes;
  const Wide block = row * block_tokens * static_cast<unsigned>(shape.layers);
  const Wide total = block * static_cast<unsigned>(blocks) + kHugePage;
  if (total > (Wide{1} << 46)) return refused(std::uint64_t{1} << 46);
  cache->memory_bytes_ = static_cast<std::size_t>(total);
  cache->block_bytes_ = static_cast<std::size_t>(block);
  cache->key_bytes_ = static_cast<std::size_t>(shape.key_row) * dtype_traits(type).block_bytes;
  cache->value_bytes_ = static_cast<std::size_t>(shape.value_row) * dtype_traits(type).block_bytes;
  cache->panels_ = type == DType::i16 ? shape.kv_heads : 0;
  void* memory = mmap(nullptr, cache->memory_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return refused(cache->memory_bytes_);
  cache->memory_ = memory;
  // Attention reads some of every block's memory for each layer: with small pages that misses the TLB again and again.
  madvise(memory, cache->memory_bytes_, MADV_HUGEPAGE);
  auto* at = static_cast<std::byte*>(memory);
  at += (kHugePage - reinterpret_cast<std::uintptr_t>(at) % kHugePage) % kHugePage;
  cache->blocks_ = at;
  for (int i = 0; i < shape.layers; ++i) {
    std::byte* values = at + block_tokens * cache->key_bytes_;
    const auto stride = static_cast<std::int64_t>(block);
    cache->layers_.push_back({at, shape.value_row > 0 ? values : nullptr, type, stride});
    at = values + block_tokens * cache->value_bytes_;
  }
  return cache;
}

KvCache::~KvCache() {
  if (memory_) munmap(memory_, memory_bytes_);
}

std::int32_t KvCache::allocate() {
  std::int32_t block = -1;
  if (!free_.empty()) {
    block = free_.back();
    free_.pop_back();
  } else if (untouched_ < capacity()) {
    block = untouched_++;
  } else if (idle_.size() > 0) {
    block = idle_.oldest();
    idle_.remove(block);
    tree_.remove(block);
  } else {
    return -1;
  }
  users(block) = 1;
  return block;
}

void KvCache::use(std::int32_t block) {
  if (users(block)++ == 0) idle_.remove(block);
}

void KvCache::release(std::span<const std::int32_t> blocks, std::span<const TokenId> computed) {
  for (std::size_t i = blocks.size(); i-- > 0;) {
    const std::int32_t block = blocks[i];
    if (--users(block) > 0) continue;
    if (i == computed.size() / block_tokens) keep_rest(blocks, i, computed);
    if (tree_.holds(block)) {
      idle_.add(block);
    } else {
      free_.push_back(block);
    }
  }
}

/// Puts the block in which a text ends into the tree, if that tells more than what is there.
void KvCache::keep_rest(std::span<const std::int32_t> blocks, std::size_t index, std::span<const TokenId> ids) {
  const auto rest = ids.subspan(index * block_tokens);
  if (rest.empty()) return;
  try {
    forget(tree_.add(index == 0 ? PrefixTree::none : blocks[index - 1], blocks[index], rest).superseded);
  } catch (const std::bad_alloc&) {
    // Then it is computed again.
  }
}

/// Takes a block out of the tree that nobody uses.
void KvCache::forget(std::int32_t block) {
  if (block == PrefixTree::none) return;
  idle_.remove(block);
  tree_.remove(block);
  free_.push_back(block);
}

CachedPrefix KvCache::match(std::span<const TokenId> ids) {
  PrefixTree::Match found = tree_.find(ids);
  CachedPrefix prefix{std::move(found.blocks), 0};
  prefix.blocks.reserve(prefix.blocks.size() + 1);
  for (const std::int32_t block : prefix.blocks) use(block);
  prefix.tokens = prefix.blocks.size() * block_tokens;
  if (found.rows == 0) return prefix;
  // Becomes the most recently used: what is evicted to make room is another one, if there is one.
  if (users(found.next) == 0) {
    idle_.remove(found.next);
    idle_.add(found.next);
  }
  const std::int32_t own = allocate();
  if (own < 0) return prefix;
  if (own != found.next) write(own, at(found.next));
  prefix.blocks.push_back(own);
  prefix.tokens += found.rows;
  return prefix;
}

void KvCache::seal(std::span<std::int32_t> blocks, std::size_t index, std::span<const TokenId> ids) {
  const std::int32_t own = blocks[index];
  if (tree_.holds(own)) return;
  const auto place = tree_.add(index == 0 ? PrefixTree::none : blocks[index - 1], own,
                               ids.subspan(index * block_tokens, block_tokens));
  forget(place.superseded);
  if (place.block == own) return;
  use(place.block);
  users(own) = 0;
  free_.push_back(own);
  blocks[index] = place.block;
}

std::byte* KvCache::at(std::int32_t block) const {
  return blocks_ + static_cast<std::size_t>(block) * block_bytes_;
}

void KvCache::read(std::int32_t block, int tokens, std::byte* to) const {
  std::memcpy(to, at(block), block_bytes_);
  if (tokens == block_tokens) return;
  const auto clear = [&](std::size_t token_bytes, auto* clear_panels) {
    if (panels_ > 0) {
      const auto stored = static_cast<int>(token_bytes / sizeof(std::int16_t)) / panels_;
      clear_panels(to, panels_, stored - ops::stored_size(0), tokens);
    } else {
      std::fill(to + static_cast<std::size_t>(tokens) * token_bytes, to + block_tokens * token_bytes, std::byte{});
    }
    to += block_tokens * token_bytes;
  };
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
    clear(key_bytes_, &ops::clear_cached_keys);
    if (value_bytes_ > 0) clear(value_bytes_, &ops::clear_cached_values);
  }
}

void KvCache::write(std::int32_t block, const std::byte* from) {
  std::memcpy(at(block), from, block_bytes_);
}

std::int32_t KvCache::available() const {
  return static_cast<std::int32_t>(free_.size()) + idle_.size() + capacity() - untouched_;
}

std::uint64_t KvCache::used_bytes() const {
  return static_cast<std::uint64_t>(untouched_) * block_bytes_;
}

}  // namespace hadal
