#include "runtime/kv_snapshot.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "base/text.h"

namespace hadal {
namespace {

constexpr std::size_t kBlock = KvCache::block_tokens;

/// In use until it goes.
struct Held {
  KvCache& cache;
  CachedPrefix prefix;
  std::span<const TokenId> computed{};  ///< As KvCache::release() wants it.
  ~Held() { cache.release(prefix.blocks, computed); }
};

Error no_memory(std::uint64_t bytes) {
  return {ErrorCode::out_of_memory,
          concat("The system has no ", human_bytes(bytes), " of memory left for a conversation's cache.")};
}

Result<void> check_identity(const CacheIdentity& made, const CacheIdentity& here) {
  const auto refused = [](std::string_view why) {
    return Error{ErrorCode::invalid_argument, concat("The saved cache was made with ", why, "; it cannot be used.")};
  };
  if (made.model != here.model) return refused("another model");
  if (made.adapter != here.adapter) return refused("another adapter");
  if (made.experts_used != here.experts_used) return refused("another number of experts");
  const bool same = made.type == here.type && made.shape.layers == here.shape.layers &&
                    made.shape.key_row == here.shape.key_row && made.shape.value_row == here.shape.value_row;
  if (!same) return refused("another kind of cache");
  return {};
}

Result<std::shared_ptr<KvSnapshot::Impl>> copy_out(const KvCache& cache, const CacheIdentity& identity,
                                                   std::span<const TokenId> ids, std::span<const std::int32_t> blocks) {
  const std::size_t offset = KvSnapshot::Impl::blocks_offset(ids.size());
  const std::size_t bytes = offset + blocks.size() * cache.block_bytes();
  auto body = AlignedBuffer::create(bytes);
  if (!body) return no_memory(bytes);
  auto made = std::make_shared<KvSnapshot::Impl>();
  made->identity = identity;
  made->tokens = ids.size();
  std::memset(body->data(), 0, offset);
  std::memcpy(body->data(), ids.data(), ids.size_bytes());
  std::byte* to = body->data() + offset;
  for (std::size_t i = 0; i < blocks.size(); ++i, to += cache.block_bytes()) {
    cache.read(blocks[i], static_cast<int>(std::min(kBlock, ids.size() - i * kBlock)), to);
  }
  made->body = std::move(*body);
  return made;
}

/// Fills and seals the blocks behind those that are shared; false if there are too few.
bool copy_in(KvCache& cache, const KvSnapshot::Impl& from, CachedPrefix& prefix) {
  const std::size_t shared = prefix.tokens / kBlock, wanted = (from.tokens + kBlock - 1) / kBlock;
  std::vector<std::int32_t>& blocks = prefix.blocks;
  blocks.reserve(wanted);
  for (std::size_t i = shared; i < wanted; ++i) {
    if (i == blocks.size()) {
      const std::int32_t block = cache.allocate();
      if (block < 0) return false;
      blocks.push_back(block);
    }
    cache.write(blocks[i], from.blocks() + i * cache.block_bytes());
  }
  for (std::size_t i = shared; i < from.tokens / kBlock; ++i) cache.seal(blocks, i, from.ids());
  return true;
}

}  // namespace

std::span<const TokenId> KvSnapshot::tokens() const {
  return impl_->ids();
}

std::uint64_t KvSnapshot::bytes() const {
  return impl_->body.size();
}

Result<KvSnapshot> take_snapshot(KvCache& cache, const CacheIdentity& identity, std::span<const TokenId> ids) {
  try {
    const Held held{cache, cache.match(ids)};
    if (held.prefix.tokens == 0)
      return Error{ErrorCode::not_found, "Nothing of this text is in the cache, so there is nothing to save."};
    auto made = copy_out(cache, identity, ids.first(held.prefix.tokens), held.prefix.blocks);
    if (!made) return made.error();
    return KvSnapshot(std::move(*made));
  } catch (const std::bad_alloc&) {
    return no_memory((ids.size() / kBlock + 1) * cache.block_bytes());
  }
}

Result<void> restore_snapshot(KvCache& cache, const CacheIdentity& identity, const KvSnapshot& snapshot) {
  const KvSnapshot::Impl& from = snapshot.impl();
  if (auto same = check_identity(from.identity, identity); !same) return same;
  try {
    Held held{cache, cache.match(from.ids())};
    if (copy_in(cache, from, held.prefix)) {
      held.computed = from.ids();
      return {};
    }
    return Error{ErrorCode::out_of_memory, "The context's cache has no room for the saved conversation now."};
  } catch (const std::bad_alloc&) {
    return no_memory(from.body.size());
  }
}

}  // namespace hadal
