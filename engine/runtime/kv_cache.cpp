#include "runtime/kv_cache.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace hadal {
namespace {

/// Key of the chain that ends in a block: the parent's key and the block's tokens through the finaliser of SplitMix64
/// (Steele et al. 2014), word by word. Never 0, which marks the empty chain.
std::uint64_t chain_key(std::uint64_t parent, std::span<const TokenId> ids) {
  std::uint64_t key = parent;
  for (const TokenId id : ids) {
    key += 0x9E3779B97F4A7C15ULL + static_cast<std::uint32_t>(id);
    key = (key ^ (key >> 30)) * 0xBF58476D1CE4E5B9ULL;
    key = (key ^ (key >> 27)) * 0x94D049BB133111EBULL;
    key ^= key >> 31;
  }
  return key == 0 ? 1 : key;
}

Error refused(std::uint64_t bytes) {
  return {ErrorCode::out_of_memory,
          concat("The system has no ", human_bytes(bytes), " for the context's cache; choose a shorter context.")};
}

}  // namespace

std::uint64_t KvCache::bytes_for(const KvShape& shape, DType type, int tokens) {
  const auto rows = static_cast<std::uint64_t>(shape.key_row) + static_cast<unsigned>(shape.value_row);
  const std::uint64_t token = rows * (type == DType::f32 ? 4 : 2) * static_cast<unsigned>(shape.layers);
  return token * block_tokens * static_cast<unsigned>((tokens + block_tokens - 1) / block_tokens);
}

Result<std::unique_ptr<KvCache>> KvCache::create(const KvShape& shape, DType type, std::int32_t blocks) {
  std::unique_ptr<KvCache> cache(new KvCache);
  __extension__ using Wide = unsigned __int128;
  const Wide block = Wide{block_tokens} * (type == DType::f32 ? 4 : 2);  // bytes of one element of each of its rows
  const Wide keys = block * static_cast<unsigned>(blocks) * static_cast<unsigned>(shape.key_row);  // of one layer
  const Wide values = block * static_cast<unsigned>(blocks) * static_cast<unsigned>(shape.value_row);
  const Wide total = (keys + values) * static_cast<unsigned>(shape.layers);
  if (total > (Wide{1} << 46)) return refused(std::uint64_t{1} << 46);
  cache->memory_bytes_ = static_cast<std::size_t>(total);
  cache->block_bytes_ = static_cast<std::uint64_t>(total / static_cast<unsigned>(std::max(blocks, 1)));
  cache->key_bytes_ = static_cast<std::size_t>(shape.key_row) * (type == DType::f32 ? 4 : 2);
  cache->value_bytes_ = static_cast<std::size_t>(shape.value_row) * (type == DType::f32 ? 4 : 2);
  void* memory = mmap(nullptr, cache->memory_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return refused(cache->memory_bytes_);
  cache->memory_ = memory;
  auto* at = static_cast<std::byte*>(memory);
  for (int i = 0; i < shape.layers; ++i, at += static_cast<std::size_t>(keys + values)) {
    std::byte* behind = shape.value_row > 0 ? at + static_cast<std::size_t>(keys) : nullptr;
    cache->layers_.push_back({at, behind, type, block_tokens});
  }
  cache->blocks_.resize(static_cast<std::size_t>(blocks));
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
  } else if (!idle_.empty()) {
    block = idle_.front();
    idle_.pop_front();
    forget(block);
  } else {
    return -1;
  }
  blocks_[static_cast<std::size_t>(block)].users = 1;
  return block;
}

void KvCache::forget(std::int32_t index) {
  Block& block = blocks_[static_cast<std::size_t>(index)];
  sealed_.erase(block.key);
  block.key = block.parent = 0;
  block.ids.clear();
}

void KvCache::release(std::span<const std::int32_t> blocks) {
  for (std::size_t i = blocks.size(); i-- > 0;) {
    Block& block = blocks_[static_cast<std::size_t>(blocks[i])];
    if (--block.users > 0) continue;
    if (block.key == 0) {
      free_.push_back(blocks[i]);
    } else {
      block.idle = idle_.insert(idle_.end(), blocks[i]);
    }
  }
}

std::int32_t KvCache::find(std::uint64_t parent, std::span<const TokenId> ids) const {
  const auto found = sealed_.find(chain_key(parent, ids));
  if (found == sealed_.end()) return -1;
  const Block& block = blocks_[static_cast<std::size_t>(found->second)];
  // The tokens themselves are compared as well: equal keys alone would be a wrong answer once in 2^64.
  const bool same = block.parent == parent && std::equal(ids.begin(), ids.end(), block.ids.begin(), block.ids.end());
  return same ? found->second : -1;
}

std::vector<std::int32_t> KvCache::match(std::span<const TokenId> ids) {
  std::vector<std::int32_t> found;
  std::uint64_t parent = 0;
  for (std::size_t first = 0; first + block_tokens <= ids.size(); first += block_tokens) {
    const std::int32_t index = find(parent, ids.subspan(first, block_tokens));
    if (index < 0) break;
    Block& block = blocks_[static_cast<std::size_t>(index)];
    if (block.users++ == 0) idle_.erase(block.idle);
    found.push_back(index);
    parent = block.key;
  }
  return found;
}

void KvCache::seal(std::span<const std::int32_t> blocks, std::size_t index, std::span<const TokenId> ids) {
  Block& block = blocks_[static_cast<std::size_t>(blocks[index])];
  if (block.key != 0) return;
  std::uint64_t parent = 0;
  // A twin of the block before may have been sealed by another sequence; its key is the same chain's.
  for (std::size_t i = 0; i < index; ++i) parent = chain_key(parent, ids.subspan(i * block_tokens, block_tokens));
  const auto own = ids.subspan(index * block_tokens, block_tokens);
  const std::uint64_t key = chain_key(parent, own);
  if (!sealed_.emplace(key, blocks[index]).second) return;
  block.key = key;
  block.parent = parent;
  block.ids.assign(own.begin(), own.end());
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

std::int32_t KvCache::available() const {
  return static_cast<std::int32_t>(free_.size() + idle_.size()) + capacity() - untouched_;
}

std::uint64_t KvCache::used_bytes() const {
  return static_cast<std::uint64_t>(untouched_) * block_bytes_;
}

}  // namespace hadal
