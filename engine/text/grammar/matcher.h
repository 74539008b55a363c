#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "hadal/grammar.h"
#include "text/grammar/stacks.h"

namespace hadal::grammar {

/// Follows one answer through its grammar, token by token. Not thread-safe.
class Matcher {
 public:
  explicit Matcher(std::shared_ptr<const Program> program);

  /// Bit i % 64 of word i / 64: token i may come next; end tokens where the text is complete. Holds until the next
  /// call of any method that is not const.
  std::span<const std::uint64_t> allowed();
  /// Of these the ones on a shortest way to the end, after which no more than `left` tokens are needed. Not empty if
  /// fits() held for the tokens before, with one more left, or if shortest() is at most left + 1.
  std::span<const std::uint64_t> steered(std::size_t left);

  /// Whether the text can be completed with `left` tokens after this one, which must be allowed.
  bool fits(TokenId token, std::size_t left);
  /// Takes a token that is allowed and no end; false, and nothing changes, for any other.
  bool accept(TokenId token);

  /// The text may end here.
  bool complete() const;
  /// It can do nothing else.
  bool over() const;
  /// Calls are nested so deep that only ways back should be taken: steered() with any number left.
  bool deep() const;
  /// Tokens to the end by a way that is nearly the shortest.
  std::size_t shortest();

 private:
  void allow(TokenId token);
  void allow(std::span<const std::uint64_t> mask);
  void allow_in_string(const Item& item, const Rule& rule);
  void allow_in_leaf(const Item& item);
  void walk(std::uint32_t node, std::size_t begin);
  bool read(TokenId token);
  const Item& nearest(std::size_t begin, std::size_t end) const;
  std::vector<TokenId> way_to_end(Item item);
  TokenId longest_step(Item& item);
  bool keep_nearest(std::size_t begin, std::uint32_t distance);

  std::shared_ptr<const Program> program_;
  const Vocabulary& vocabulary_;
  Stacks stacks_;
  std::vector<Item> items_;  ///< Where the text is now.
  std::vector<Item> work_;   ///< Of the walk under way: the items of one depth after those of another.
  std::vector<std::size_t> depths_;
  std::vector<std::uint64_t> mask_;
  /// Tokens that complete the text from here, if the distance in bytes does not say enough; the next one last.
  std::vector<TokenId> plan_;
  std::vector<TokenId> next_plan_;  ///< After next_token_, as fits() found it.
  TokenId next_token_ = -1;
};

}  // namespace hadal::grammar
