#include "runtime/kv_cache.h"

#include <QtTest>
#include <cstring>
#include <random>
#include <set>

#include "ops/attention/panels.h"

using namespace hadal;

/// The block bookkeeping against a naive model that remembers what every block holds.
class KvCacheTest : public QObject {
  Q_OBJECT

  static std::unique_ptr<KvCache> make(std::int32_t blocks) {
    auto cache = KvCache::create({2, 12, 12}, DType::i16, blocks);
    return cache ? std::move(*cache) : nullptr;
  }
  static std::vector<TokenId> tokens(std::size_t count, TokenId first) {
    std::vector<TokenId> ids(count);
    for (std::size_t i = 0; i < count; ++i) ids[i] = first + static_cast<TokenId>(i);
    return ids;
  }

  /// What fill() writes of a token: of every layer, 12 keys and 12 values in 16 bits.
  static std::vector<std::uint16_t> row(std::span<const TokenId> ids, std::size_t position) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i <= position; ++i) sum = sum * 31 + static_cast<std::uint32_t>(ids[i]) + 1;
    std::vector<std::uint16_t> numbers(2 * 24);
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<std::uint16_t>(sum + i);
    return numbers;
  }
  template <class Look>
  static void for_rows(const KvCache& cache, std::span<const std::int32_t> blocks, std::size_t position,
                       const Look& look) {
    for (std::size_t layer = 0; layer < 2; ++layer) {
      const ops::KvLayerView& view = cache.layers()[layer];
      const auto at = static_cast<std::size_t>(blocks[position / 32] * view.block_bytes) + position % 32 * 24;
      look(view.keys + at, layer * 24);
      look(view.values + at, layer * 24 + 12);
    }
  }
  static void fill(KvCache& cache, std::span<const std::int32_t> blocks, std::span<const TokenId> ids,
                   std::size_t first) {
    for (std::size_t i = first; i < ids.size(); ++i) {
      const auto numbers = row(ids, i);
      for_rows(cache, blocks, i, [&](std::byte* to, std::size_t from) { std::memcpy(to, numbers.data() + from, 24); });
    }
  }
  static bool holds(const KvCache& cache, std::span<const std::int32_t> blocks, std::span<const TokenId> ids) {
    bool same = true;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const auto numbers = row(ids, i);
      for_rows(cache, blocks, i, [&](const std::byte* there, std::size_t from) {
        same = same && std::memcmp(there, numbers.data() + from, 24) == 0;
      });
    }
    return same;
  }

 private slots:
  void views_do_not_overlap() {
    const auto cache = make(5);
    std::set<std::byte*> starts;
    QCOMPARE(cache->layers().size(), std::size_t{2});
    const std::size_t bytes = KvCache::block_tokens * 3 * 4 * 2;
    for (const auto& layer : cache->layers()) {
      for (int block = 0; block < 5; ++block) {
        for (std::byte* part : {layer.keys, layer.values}) {
          std::byte* start = part + block * layer.block_bytes;
          std::fill_n(start, bytes, std::byte{1});
          for (std::byte* other : starts) QVERIFY(start >= other + bytes || other >= start + bytes);
          starts.insert(start);
        }
      }
    }
  }

  void latents_have_one_row() {
    constexpr std::int32_t blocks = 5;
    const auto latents = KvCache::create({3, 20, 0}, DType::i16, blocks),
               wider = KvCache::create({3, 20, 8}, DType::i16, blocks);
    QVERIFY(latents && wider);
    constexpr std::ptrdiff_t keys = 32 * 20 * 2, values = 32 * 8 * 2;
    for (std::size_t i = 0; i < 3; ++i) {
      QVERIFY((*latents)->layers()[i].values == nullptr);
      QCOMPARE((*latents)->layers()[i].block_bytes, std::int64_t{3 * keys});
      QCOMPARE((*wider)->layers()[i].values - (*wider)->layers()[i].keys, keys);
      if (i == 0) continue;
      QCOMPARE((*latents)->layers()[i].keys - (*latents)->layers()[i - 1].keys, keys);
      QCOMPARE((*wider)->layers()[i].keys - (*wider)->layers()[i - 1].keys, keys + values);
    }
    // the last one ends inside the memory
    std::fill_n((*latents)->layers()[2].keys + 4 * (*latents)->layers()[2].block_bytes, keys, std::byte{1});
    QCOMPARE((*latents)->allocate(), 0);
    QCOMPARE((*wider)->allocate(), 0);
    QCOMPARE((*latents)->used_bytes(), std::uint64_t{3 * 32 * 20 * 2});
    QCOMPARE((*wider)->used_bytes(), std::uint64_t{3 * 32 * 28 * 2});
  }

  /// Whose tokens these were, a saved conversation must not tell.
  void tokens_that_are_not_wanted_are_read_as_zeros() {
    constexpr int heads = 3, size = 40, layers = 2, wanted = 13;
    constexpr int row = heads * ops::stored_size(size);
    const auto made = KvCache::create({layers, row, row, heads}, DType::i16, 2);
    QVERIFY(bool(made));
    KvCache& cache = **made;
    QCOMPARE(cache.block_bytes(), std::size_t{2 * layers * row * 32 * 2});
    const std::vector<std::byte> filled(cache.block_bytes(), std::byte{0x55});
    cache.write(1, filled.data());
    std::vector<std::byte> all(filled.size()), some(filled.size());
    cache.read(1, 32, all.data());
    QVERIFY(all == filled);
    cache.read(1, wanted, some.data());
    constexpr std::int64_t words = ops::rounded_words(size), panel = ops::cached_panel_bytes(size);
    const auto code = [&](int part, int head, std::int64_t at) {
      std::int16_t value;
      std::memcpy(&value, some.data() + (part * heads + head) * panel + at * 2, sizeof value);
      return value != 0;
    };
    for (int part = 0; part < 2 * layers; ++part) {
      for (int head = 0; head < heads; ++head) {
        for (int p = 0; p < 32; ++p) {
          QCOMPARE(code(part, head, 2 * (ops::panel_words(size) + p)), p < wanted);
          for (std::int64_t i = 0; i < 2 * words; ++i) {
            const bool keys = part % 2 == 0;
            const std::int64_t at =
                keys ? 2 * ops::key_word(words, p, i / 2) + i % 2 : 2 * ops::value_word(p, i) + p % 2;
            QCOMPARE(code(part, head, at), p < wanted);
          }
        }
      }
    }
  }

  void rows_that_are_not_wanted_are_read_as_zeros() {
    const auto cache = make(1);
    std::vector<std::byte> block(cache->block_bytes(), std::byte{0x55});
    cache->write(0, block.data());
    cache->read(0, 7, block.data());
    for (std::size_t i = 0; i < block.size(); ++i) QCOMPARE(block[i] != std::byte{}, i / 24 % 32 < 7);
  }

  void sealed_beginnings_are_found_again() {
    const auto cache = make(8);
    const auto ids = tokens(80, 100);
    std::vector<std::int32_t> blocks{cache->allocate(), cache->allocate(), cache->allocate()};
    cache->seal(blocks, 0, ids);
    cache->seal(blocks, 1, ids);
    cache->release(blocks);
    QCOMPARE(cache->match(ids).blocks, (std::vector<std::int32_t>{blocks[0], blocks[1]}));
    QCOMPARE(cache->match(ids).tokens, std::size_t{64});
    auto other = ids;
    other[32] = 1;
    QCOMPARE(cache->match(other).blocks, (std::vector<std::int32_t>{blocks[0]}));
    other[0] = 1;
    QVERIFY(cache->match(other).blocks.empty());
  }

  void same_tokens_after_another_beginning_are_not_the_same() {
    const auto cache = make(4);
    auto ids = tokens(64, 100);
    std::vector<std::int32_t> blocks{cache->allocate(), cache->allocate()};
    cache->seal(blocks, 0, ids);
    cache->seal(blocks, 1, ids);
    auto other = ids;
    std::swap(other[0], other[1]);
    QVERIFY(cache->match(other).blocks.empty());
    QVERIFY(cache->match(std::span(ids).subspan(32)).blocks.empty());
  }

  void full_cache_gives_the_least_recently_used_and_never_a_used_one() {
    const auto cache = make(3);
    const auto first = tokens(32, 0), second = tokens(32, 1000);
    std::vector<std::int32_t> a{cache->allocate()}, b{cache->allocate()}, c{cache->allocate()};
    QCOMPARE(cache->allocate(), -1);
    cache->seal(a, 0, first);
    cache->seal(b, 0, second);
    cache->release(a);
    cache->release(b);
    QCOMPARE(cache->available(), 2);
    QCOMPARE(cache->match(first).blocks, a);  // used again, so b is now the older one
    cache->release(a);
    QCOMPARE(cache->allocate(), b[0]);
    QVERIFY(cache->match(second).blocks.empty());
    QCOMPARE(cache->match(first).blocks, a);
    QCOMPARE(cache->allocate(), -1);
  }

  void too_large_a_cache_is_refused() {
    const auto refused = KvCache::create({1000, 1000, 1024}, DType::f32, 1 << 24);
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, ErrorCode::out_of_memory);
  }

  void parts_of_blocks_are_copied() {
    const auto cache = make(8);
    const auto ids = tokens(52, 100);
    std::vector<std::int32_t> blocks{cache->allocate(), cache->allocate()};
    fill(*cache, blocks, ids, 0);
    cache->seal(blocks, 0, ids);
    cache->release(blocks, ids);
    // The block in which it ended is found as well, for as many tokens as are the same.
    for (const std::size_t same : {std::size_t{52}, std::size_t{40}, std::size_t{33}, std::size_t{20}}) {
      auto other = ids;
      if (same < other.size()) other[same] = 1;
      const CachedPrefix found = cache->match(other);
      QCOMPARE(found.tokens, same);
      QCOMPARE(found.blocks.size(), same / 32 + 1);
      QVERIFY(found.blocks.back() != blocks[same / 32]);
      QVERIFY(holds(*cache, found.blocks, std::span(ids).first(same)));
      cache->release(found.blocks);
    }
    QCOMPARE(cache->available(), 8);
    // A longer text takes the place of its beginning.
    auto longer = ids;
    longer.resize(64, 7);
    CachedPrefix found = cache->match(longer);
    QCOMPARE(found.tokens, std::size_t{52});
    cache->seal(found.blocks, 1, longer);
    cache->release(found.blocks, longer);
    found = cache->match(longer);
    QCOMPARE(found.tokens, std::size_t{64});
    cache->release(found.blocks);
    QCOMPARE(cache->available(), 8);
  }

  void twins_become_one() {
    const auto cache = make(4);
    const auto ids = tokens(64, 5);
    std::vector<std::int32_t> a{cache->allocate(), cache->allocate()}, b{cache->allocate(), cache->allocate()};
    const auto expected = a;
    for (auto* user : {&a, &b}) {
      for (std::size_t i = 0; i < 2; ++i) cache->seal(*user, i, ids);
    }
    QCOMPARE(a, expected);
    QCOMPARE(b, expected);
    QCOMPARE(cache->available(), 2);
    cache->release(a);
    QCOMPARE(cache->available(), 2);
    cache->release(b);
    QCOMPARE(cache->available(), 4);
    QCOMPARE(cache->match(ids).blocks, expected);
  }

  void agrees_with_a_naive_model();
};

/// Random sequences that are read, written on and left, in a cache that is always short of blocks. Every row holds its
/// token and the sum of those before it, so that a row of another text, or of another place in it, is seen.
void KvCacheTest::agrees_with_a_naive_model() {
  const unsigned seed = std::random_device{}();
  qInfo("seed %u", seed);
  std::mt19937 random(seed);
  const auto pick = [&random](std::size_t count) { return random() % count; };
  constexpr std::int32_t kBlocks = 12;
  const auto cache = make(kBlocks);
  struct User {
    std::vector<TokenId> ids;
    std::vector<std::int32_t> blocks;
  };
  std::vector<User> users;
  std::size_t reused = 0, parts = 0;
  for (int round = 0; round < 20000; ++round) {
    std::set<std::int32_t> in_use;
    for (const User& user : users) {
      QVERIFY(holds(*cache, user.blocks, user.ids));
      in_use.insert(user.blocks.begin(), user.blocks.end());
    }
    QCOMPARE(cache->available(), kBlocks - static_cast<std::int32_t>(in_use.size()));
    if (pick(2) == 0 && !users.empty()) {
      const std::size_t leaving = pick(users.size());
      cache->release(users[leaving].blocks, users[leaving].ids);
      users.erase(users.begin() + static_cast<std::ptrdiff_t>(leaving));
      continue;
    }
    // Few kinds of beginnings, so that sharing is frequent, of any length.
    std::vector<TokenId> ids;
    for (std::size_t part = 0; part < 1 + pick(4); ++part) {
      const auto more = tokens(1 + pick(40), static_cast<TokenId>(1000 * pick(2)));
      ids.insert(ids.end(), more.begin(), more.end());
    }
    CachedPrefix found = cache->match(ids);
    QVERIFY(found.tokens <= ids.size() && found.blocks.size() == (found.tokens + 31) / 32);
    QVERIFY(holds(*cache, found.blocks, std::span(ids).first(found.tokens)));
    reused += found.tokens;
    parts += found.tokens % 32 != 0;
    // What is not in use by others may be written.
    while (found.blocks.size() * 32 < ids.size()) {
      const std::int32_t block = cache->allocate();
      if (block < 0) break;
      QVERIFY2(!in_use.contains(block), "a block in use was given out");
      found.blocks.push_back(block);
    }
    ids.resize(std::min(ids.size(), found.blocks.size() * 32));
    fill(*cache, found.blocks, ids, found.tokens);
    for (std::size_t i = found.tokens / 32; i < ids.size() / 32; ++i) cache->seal(found.blocks, i, ids);
    users.push_back({std::move(ids), std::move(found.blocks)});
  }
  QVERIFY(reused > 1000 && parts > 100);
}

QTEST_GUILESS_MAIN(KvCacheTest)
#include "kv_cache_test.moc"
