#include "runtime/kv_cache.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "base/text.h"

namespace hadal {
namespace {

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
  const Wide block = Wide{block_tokens} * dtype_traits(type).block_bytes;  // bytes of one element of each of its rows
  const Wide keys = block * static_cast<unsigned>(blocks) * static_cast<unsigned>(shape.key_row);  // of one layer
  const Wide values = block * static_cast<unsigned>(blocks) * static_cast<unsigned>(shape.value_row);
  const Wide total = (keys + values) * static_cast<unsigned>(shape.layers);
  if (total > (Wide{1} << 46)) return refused(std::uint64_t{1} << 46);
  cache->memory_bytes_ = static_cast<std::size_t>(total);
  cache->block_bytes_ = static_cast<std::uint64_t>(total / static_cast<unsigned>(std::max(blocks, 1)));
  cache->key_bytes_ = static_cast<std::size_t>(shape.key_row) * dtype_traits(type).block_bytes;
  cache->value_bytes_ = static_cast<std::size_t>(shape.value_row) * dtype_traits(type).block_bytes;
  void* memory = mmap(nullptr, cache->memory_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return refused(cache->memory_bytes_);
  cache->memory_ = memory;
  auto* at = static_cast<std::byte*>(memory);
  for (int i = 0; i < shape.layers; ++i, at += static_cast<std::size_t>(keys + values)) {
    std::byte* behind = shape.value_row > 0 ? at + static_cast<std::size_t>(keys) : nullptr;
    cache->layers_.push_back({at, behind, type, block_tokens});
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
  if (own != found.next) copy_rows(found.next, found.rows, own);
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

template <class Copy>
void KvCache::for_parts(std::int32_t block, std::size_t rows, const Copy& copy) const {
  const std::size_t first = static_cast<std::size_t>(block) * block_tokens;
  for (const ops::KvLayerView& layer : layers_) {
    copy(layer.keys + first * key_bytes_, rows * key_bytes_);
    if (layer.values) copy(layer.values + first * value_bytes_, rows * value_bytes_);
  }
}

void KvCache::read(std::int32_t block, std::size_t rows, std::byte* to) const {
  for_parts(block, rows, [&to](const std::byte* part, std::size_t bytes) {
    std::memcpy(to, part, bytes);
    to += bytes;
  });
}

void KvCache::write(std::int32_t block, std::size_t rows, const std::byte* from) {
  for_parts(block, rows, [&from](std::byte* part, std::size_t bytes) {
    std::memcpy(part, from, bytes);
    from += bytes;
  });
}

void KvCache::copy_rows(std::int32_t from, std::size_t rows, std::int32_t to) {
  for (const ops::KvLayerView& layer : layers_) {
    const auto copy = [&](std::byte* memory, std::size_t row) {
      if (!memory) return;
      const std::byte* source = memory + static_cast<std::size_t>(from) * block_tokens * row;
      std::memcpy(memory + static_cast<std::size_t>(to) * block_tokens * row, source, rows * row);
    };
    copy(layer.keys, key_bytes_);
    copy(layer.values, value_bytes_);
  }
}

std::int32_t KvCache::available() const {
  return static_cast<std::int32_t>(free_.size()) + idle_.size() + capacity() - untouched_;
}

std::uint64_t KvCache::used_bytes() const {
  return static_cast<std::uint64_t>(untouched_) * block_bytes_;
}

}  // namespace hadal
