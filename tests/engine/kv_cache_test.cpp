#include "runtime/kv_cache.h"

#include <QtTest>
#include <map>
#include <random>
#include <set>

using namespace hadal;

/// The block bookkeeping against a naive model that remembers what every block holds.
class KvCacheTest : public QObject {
  Q_OBJECT

  static std::unique_ptr<KvCache> make(std::int32_t blocks) {
    auto cache = KvCache::create({2, 12, 12}, DType::f16, blocks);
    return cache ? std::move(*cache) : nullptr;
  }
  static std::vector<TokenId> tokens(std::size_t count, TokenId first) {
    std::vector<TokenId> ids(count);
    for (std::size_t i = 0; i < count; ++i) ids[i] = first + static_cast<TokenId>(i);
    return ids;
  }

 private slots:
  void views_do_not_overlap() {
    const auto cache = make(5);
    std::set<std::byte*> starts;
    QCOMPARE(cache->layers().size(), std::size_t{2});
    const std::size_t bytes = 5 * KvCache::block_tokens * 3 * 4 * 2;
    for (const auto& layer : cache->layers()) {
      for (std::byte* start : {layer.keys, layer.values}) {
        std::fill_n(start, bytes, std::byte{1});
        for (std::byte* other : starts) QVERIFY(start >= other + bytes || other >= start + bytes);
        starts.insert(start);
      }
    }
  }

  void latents_have_one_row() {
    constexpr std::int32_t blocks = 5;
    const auto latents = KvCache::create({3, 20, 0}, DType::f16, blocks),
               wider = KvCache::create({3, 20, 8}, DType::f16, blocks);
    QVERIFY(latents && wider);
    const std::ptrdiff_t keys = blocks * KvCache::block_tokens * 20 * 2,
                         values = blocks * KvCache::block_tokens * 8 * 2;
    for (std::size_t i = 0; i < 3; ++i) {
      QVERIFY((*latents)->layers()[i].values == nullptr);
      QCOMPARE((*wider)->layers()[i].values - (*wider)->layers()[i].keys, keys);
      if (i == 0) continue;
      QCOMPARE((*latents)->layers()[i].keys - (*latents)->layers()[i - 1].keys, keys);
      QCOMPARE((*wider)->layers()[i].keys - (*wider)->layers()[i - 1].keys, keys + values);
    }
    std::fill_n((*latents)->layers()[2].keys, keys, std::byte{1});  // the last one ends inside the memory
    QCOMPARE((*latents)->allocate(), 0);
    QCOMPARE((*wider)->allocate(), 0);
    QCOMPARE((*latents)->used_bytes(), std::uint64_t{3 * 32 * 20 * 2});
    QCOMPARE((*wider)->used_bytes(), std::uint64_t{3 * 32 * 28 * 2});
  }

  void sealed_beginnings_are_found_again() {
    const auto cache = make(8);
    const auto ids = tokens(80, 100);
    const std::vector<std::int32_t> blocks{cache->allocate(), cache->allocate(), cache->allocate()};
    cache->seal(blocks, 0, ids);
    cache->seal(blocks, 1, ids);
    cache->release(blocks);
    QCOMPARE(cache->match(ids), (std::vector<std::int32_t>{blocks[0], blocks[1]}));
    QCOMPARE(cache->match(std::span(ids).first(63)), (std::vector<std::int32_t>{blocks[0]}));
    auto other = ids;
    other[40] = 1;
    QCOMPARE(cache->match(other), (std::vector<std::int32_t>{blocks[0]}));
    other[3] = 1;
    QVERIFY(cache->match(other).empty());
  }

  void same_tokens_after_another_beginning_are_not_the_same() {
    const auto cache = make(4);
    auto ids = tokens(64, 100);
    const std::vector<std::int32_t> blocks{cache->allocate(), cache->allocate()};
    cache->seal(blocks, 0, ids);
    cache->seal(blocks, 1, ids);
    auto other = ids;
    std::swap(other[0], other[1]);
    QVERIFY(cache->match(other).empty());
    QVERIFY(cache->match(std::span(ids).subspan(32)).empty());
  }

  void full_cache_gives_the_least_recently_used_and_never_a_used_one() {
    const auto cache = make(3);
    const auto first = tokens(32, 0), second = tokens(32, 1000);
    const std::vector<std::int32_t> a{cache->allocate()}, b{cache->allocate()}, c{cache->allocate()};
    QCOMPARE(cache->allocate(), -1);
    cache->seal(a, 0, first);
    cache->seal(b, 0, second);
    cache->release(a);
    cache->release(b);
    QCOMPARE(cache->available(), 2);
    QCOMPARE(cache->match(first), a);  // used again, so b is now the older one
    cache->release(a);
    QCOMPARE(cache->allocate(), b[0]);
    QVERIFY(cache->match(second).empty());
    QCOMPARE(cache->match(first), a);
    QCOMPARE(cache->allocate(), -1);
  }

  void too_large_a_cache_is_refused() {
    const auto refused = KvCache::create({1000, 1000, 1024}, DType::f32, 1 << 24);
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, ErrorCode::out_of_memory);
  }

  void agrees_with_a_naive_model() {
    const auto seed = std::random_device{}();
    qInfo("seed %u", seed);
    std::mt19937 random(seed);
    constexpr std::int32_t kBlocks = 12;
    const auto cache = make(kBlocks);
    struct User {
      std::vector<TokenId> ids;
      std::vector<std::int32_t> blocks;
    };
    std::vector<User> users;
    std::map<std::int32_t, std::vector<TokenId>> holds;  // sealed block to the whole beginning that ends in it
    for (int round = 0; round < 20000; ++round) {
      std::map<std::int32_t, int> in_use;
      for (const User& user : users) {
        for (const std::int32_t block : user.blocks) ++in_use[block];
      }
      QCOMPARE(cache->available(), kBlocks - static_cast<std::int32_t>(in_use.size()));
      if (random() % 2 && !users.empty()) {
        const std::size_t leaving = random() % users.size();
        cache->release(users[leaving].blocks);
        users.erase(users.begin() + static_cast<std::ptrdiff_t>(leaving));
        continue;
      }
      // Beginnings of few kinds, so that sharing is frequent.
      User user;
      for (unsigned block = 0; block < 1 + random() % 4; ++block) {
        const auto part = tokens(32, static_cast<TokenId>(1000 * (random() % 2)));
        user.ids.insert(user.ids.end(), part.begin(), part.end());
      }
      user.blocks = cache->match(user.ids);
      for (std::size_t i = 0; i < user.blocks.size(); ++i) {
        QVERIFY(holds.contains(user.blocks[i]));
        QCOMPARE(holds[user.blocks[i]],
                 std::vector<TokenId>(user.ids.begin(), user.ids.begin() + static_cast<std::ptrdiff_t>(32 * (i + 1))));
        ++in_use[user.blocks[i]];
      }
      while (user.blocks.size() * 32 < user.ids.size()) {
        const std::int32_t block = cache->allocate();
        if (block < 0) {
          QCOMPARE(static_cast<std::int32_t>(in_use.size()), kBlocks);
          break;
        }
        QVERIFY2(!in_use.contains(block), "a block in use was given out");
        ++in_use[block];
        holds.erase(block);
        user.blocks.push_back(block);
        cache->seal(user.blocks, user.blocks.size() - 1, user.ids);
        holds[block] = std::vector<TokenId>(user.ids.begin(),
                                            user.ids.begin() + static_cast<std::ptrdiff_t>(32 * user.blocks.size()));
      }
      users.push_back(std::move(user));
    }
  }
};

QTEST_GUILESS_MAIN(KvCacheTest)
#include "kv_cache_test.moc"
