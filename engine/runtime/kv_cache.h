#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "hadal/result.h"
#include "hadal/tokenizer.h"
#include "models/decoder.h"
#include "ops/attention/attention.h"

namespace hadal {

/// Keys and values (or latents, see KvShape) of all sequences, in blocks of 32 tokens that sequences share where their
/// beginnings are the same.
/// A block that is full may be sealed: it is then known by its tokens and those of all blocks before it, and stays
/// for later sequences after its last user has released it, until the memory is needed (least recently used first).
class KvCache {
 public:
  static constexpr int block_tokens = 32;

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
  void release(std::span<const std::int32_t> blocks);
  /// The sealed blocks that hold the beginning of `ids`, each with one user more.
  std::vector<std::int32_t> match(std::span<const TokenId> ids);
  /// Declares that blocks[index] holds ids[32 index .. 32 index + 31] after the blocks before it, all sealed.
  void seal(std::span<const std::int32_t> blocks, std::size_t index, std::span<const TokenId> ids);

  std::uint64_t token_bytes() const { return block_bytes_ / block_tokens; }
  /// Copies the first `rows` tokens of a block: `to` takes rows * token_bytes(), layer by layer keys, then values.
  void read(std::int32_t block, std::size_t rows, std::byte* to) const;
  /// Fills them, from what read() gave.
  void write(std::int32_t block, std::size_t rows, const std::byte* from);

  std::int32_t capacity() const { return static_cast<std::int32_t>(blocks_.size()); }
  /// Blocks that allocate() can still give.
  std::int32_t available() const;
  std::uint64_t used_bytes() const;  ///< Of the blocks ever written.

 private:
  struct Block {
    std::int32_t users = 0;
    std::uint64_t key = 0;                   ///< Of the chain that ends here; 0: not sealed.
    std::uint64_t parent = 0;                ///< Key of the block before.
    std::vector<TokenId> ids;                ///< Of a sealed block.
    std::list<std::int32_t>::iterator idle;  ///< Valid while sealed and without users.
  };

  KvCache() = default;
  template <class Copy>
  void for_parts(std::int32_t block, std::size_t rows, const Copy& copy) const;
  std::int32_t find(std::uint64_t parent, std::span<const TokenId> ids) const;
  void forget(std::int32_t block);

  void* memory_ = nullptr;
  std::size_t memory_bytes_ = 0;
  std::uint64_t block_bytes_ = 0;                ///< Of all layers together.
  std::size_t key_bytes_ = 0, value_bytes_ = 0;  ///< Of one token in one layer.
  std::vector<ops::KvLayerView> layers_;
  std::vector<Block> blocks_;
  std::vector<std::int32_t> free_;                          ///< Neither used nor sealed; written before.
  std::int32_t untouched_ = 0;                              ///< Blocks from here on were never given out.
  std::list<std::int32_t> idle_;                            ///< Sealed, without users; least recently used first.
  std::unordered_map<std::uint64_t, std::int32_t> sealed_;  ///< Key to block.
};

}  // namespace hadal
