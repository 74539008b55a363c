#pragma once

#include "base/aligned_buffer.h"
#include "hadal/kv_snapshot.h"
#include "models/decoder.h"
#include "runtime/kv_cache.h"
#include "runtime/model_fingerprint.h"

namespace hadal {

/// What keys and values are bound to: with any other they would be a wrong text's.
struct CacheIdentity {
  Fingerprint model{};
  Fingerprint adapter{};  ///< Zero: none.
  KvShape shape;
  DType type = DType::i16;
  std::int32_t experts_used = 0;  ///< As in EngineOptions.
};

struct KvSnapshot::Impl {
  CacheIdentity identity;
  std::size_t tokens = 0;
  /// As the file has it behind its header: the tokens' ids, zeros up to a multiple of 64 bytes, then blocks of
  /// KvCache::block_tokens, each as KvCache::read() gives it.
  AlignedBuffer body;

  std::span<const TokenId> ids() const { return {body.as<TokenId>(), tokens}; }
  const std::byte* blocks() const { return body.data() + blocks_offset(tokens); }
  static std::size_t blocks_offset(std::size_t tokens) {
    return (tokens * sizeof(TokenId) + AlignedBuffer::alignment - 1) / AlignedBuffer::alignment *
           AlignedBuffer::alignment;
  }
};

/// Copies what `cache` holds of the beginning of `ids`. Fails with not_found where that is nothing, and with
/// out_of_memory.
Result<KvSnapshot> take_snapshot(KvCache& cache, const CacheIdentity& identity, std::span<const TokenId> ids);

/// Puts the snapshot's rows into `cache`, where they stay as any other text's that nobody uses at the moment. What is
/// there already stays. Fails with invalid_argument where the snapshot is of another model or cache, and with
/// out_of_memory where running requests leave too few blocks; then everything is as it was.
Result<void> restore_snapshot(KvCache& cache, const CacheIdentity& identity, const KvSnapshot& snapshot);

}  // namespace hadal
