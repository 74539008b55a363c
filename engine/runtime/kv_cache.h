#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "hadal/result.h"
#include "hadal/tokenizer.h"
#include "models/decoder.h"
#include "ops/attention/attention.h"
#include "runtime/lru_list.h"
#include "runtime/prefix_tree.h"

namespace hadal {

/// What the cache holds of a text's beginning.
struct CachedPrefix {
  /// Full blocks are shared and only to be read. Where `tokens` is no multiple of KvCache::block_tokens, the last block
  /// is the caller's own: it may be filled up.
  std::vector<std::int32_t> blocks;
  std::size_t tokens = 0;
};

/// Keys and values (or latents, see KvShape) of all sequences, in blocks of 32 tokens that sequences share where their
/// beginnings are the same.
/// A block that is full may be sealed: it is then known by its tokens and those of all blocks before it (PrefixTree),
/// and stays for later sequences after its last user has released it, until the memory is needed (least recently used
/// first). Who needs only a part of a block gets a copy of that part.
class KvCache {
 public:
  static constexpr int block_tokens = ops::KvLayerView::kBlockTokens;

  /// Memory of one sequence's tokens, whole blocks.
  static std::uint64_t bytes_for(const KvShape& shape, DType type, int tokens);

  /// Reserves addresses for `blocks` blocks; the system gives memory as they are first written.
  static Result<std::unique_ptr<KvCache>> create(const KvShape& shape, DType type, std::int32_t blocks);
  ~KvCache();
  KvCache(const KvCache&) = delete;
  KvCache& operator=(const KvCache&) = delete;

  /// One view per layer.
  std::span<const ops::KvLayerView> layers() const { return layers_; }

  /// A block with one user, or -1 if every block is in use.
  std::int32_t allocate();
  /// Releases a user's blocks; the order is that of the sequence. Ends of sequences are evicted before beginnings.
  /// `computed`: the tokens they hold, all of whose full blocks are sealed; the block in which they end stays as well.
  void release(std::span<const std::int32_t> blocks, std::span<const TokenId> computed = {});
  /// The longest beginning of `ids` there is; its blocks have one user more. Copies the part of the last one.
  CachedPrefix match(std::span<const TokenId> ids);
  /// Declares that blocks[index] holds ids[32 index .. 32 index + 31] after the blocks before it, all sealed. If
  /// another block holds the same already, that one takes its place.
  void seal(std::span<std::int32_t> blocks, std::size_t index, std::span<const TokenId> ids);

  std::size_t block_bytes() const { return block_bytes_; }
  /// Copies a block of which the first `tokens` are wanted; the others become zeros, whoever's they are. `to` takes
  /// block_bytes(), layer by layer keys, then values.
  void read(std::int32_t block, int tokens, std::byte* to) const;
  /// Fills a block, from what read() gave.
  void write(std::int32_t block, const std::byte* from);

  std::int32_t capacity() const { return static_cast<std::int32_t>(users_.size()); }
  /// Blocks that allocate() can still give.
  std::int32_t available() const;
  std::uint64_t used_bytes() const;  ///< Of the blocks ever written.

 private:
  explicit KvCache(std::int32_t blocks)
      : users_(static_cast<std::size_t>(blocks)), tree_(blocks, block_tokens), idle_(blocks) {
    free_.reserve(users_.size());
  }
  std::byte* at(std::int32_t block) const;
  std::int32_t& users(std::int32_t block) { return users_[static_cast<std::size_t>(block)]; }
  void use(std::int32_t block);
  void forget(std::int32_t block);
  void keep_rest(std::span<const std::int32_t> blocks, std::size_t index, std::span<const TokenId> ids);

  void* memory_ = nullptr;
  std::size_t memory_bytes_ = 0;
  std::byte* blocks_ = nullptr;                  ///< A block's layers lie together, and blocks one behind another.
  std::size_t block_bytes_ = 0;                  ///< Of all layers together.
  std::size_t key_bytes_ = 0, value_bytes_ = 0;  ///< Of one token in one layer.
  int panels_ = 0;  ///< Kv heads whose vectors lie in panels; 0: a token's row lies behind that of the token before.
  std::vector<ops::KvLayerView> layers_;
  std::vector<std::int32_t> users_;  ///< By block.
  PrefixTree tree_;                  ///< Of the sealed blocks, and the last ones of released sequences.
  std::vector<std::int32_t> free_;   ///< Neither used nor in the tree; written before.
  std::int32_t untouched_ = 0;       ///< Blocks from here on were never given out.
  /// In the tree, without users; least recently used first, and every block before the ones its text begins with: who
  /// uses a block uses these.
  LruList idle_;
};

}  // namespace hadal
