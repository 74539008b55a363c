#include "text/grammar/matcher.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace hadal::grammar {
namespace {

/// Calls inside calls; the answer's readers have limits of their own (Python's json module: 1000).
constexpr std::uint32_t kDeepest = 200;
/// Frames are swept when there are this many.
constexpr std::size_t kManyFrames = 4096;
/// Tokens of a steered choice for which the way to the end is looked up.
constexpr int kMostPlans = 64;

}  // namespace

Matcher::Matcher(std::shared_ptr<const Program> program)
    : program_(std::move(program)), vocabulary_(program_->vocabulary()), stacks_(*program_) {
  stacks_.start(items_);
}

bool Matcher::complete() const {
  return std::ranges::any_of(items_, [](const Item& item) { return item.state == Item::over; });
}

bool Matcher::over() const {
  return std::ranges::all_of(items_, [](const Item& item) { return item.state == Item::over; });
}

bool Matcher::deep() const {
  return std::ranges::any_of(items_, [this](const Item& item) { return stacks_.depth(item) > kDeepest; });
}

void Matcher::allow(TokenId token) {
  for (; token >= 0; token = vocabulary_.same_as(token)) {
    mask_[static_cast<std::size_t>(token) / 64] |= std::uint64_t{1} << token % 64;
  }
}

void Matcher::allow(std::span<const std::uint64_t> mask) {
  for (std::size_t i = 0; i < mask.size(); ++i) mask_[i] |= mask[i];
}

std::span<const std::uint64_t> Matcher::allowed() {
  mask_.assign(vocabulary_.mask_words(), 0);
  if (complete()) {
    for (const TokenId token : vocabulary_.end_tokens()) allow(token);
  }
  const std::size_t frames = stacks_.mark();
  work_.clear();
  for (const Item& item : items_) {
    if (item.state == Item::over) continue;
    const Rule& rule = program_->rule_at(item.state);
    const bool in_string = rule.kind == Rule::Kind::string && program_->local(item.state) != string_state::opening;
    if (!in_string && !program_->leaf(item.state)) work_.push_back(item);
  }
  if (!work_.empty()) walk(0, 0);
  for (const Item& item : items_) {
    if (item.state == Item::over) continue;
    const Rule& rule = program_->rule_at(item.state);
    if (rule.kind == Rule::Kind::string && program_->local(item.state) != string_state::opening) {
      allow_in_string(item, rule);
    } else if (program_->leaf(item.state)) {
      allow_in_leaf(item);
    }
  }
  stacks_.drop_after(frames);
  return mask_;
}

/// Tokens inside any string are known beforehand, with the characters they take; only how many the string still may
/// and must have is looked at here.
void Matcher::allow_in_string(const Item& item, const Rule& rule) {
  const auto& tokens = vocabulary_.in_string(static_cast<std::uint8_t>(program_->local(item.state)));
  const auto most = rule.most == Rule::unbounded ? std::numeric_limits<std::uint32_t>::max()
                                                 : static_cast<std::uint32_t>(rule.most - item.characters);
  const auto least = static_cast<std::uint32_t>(std::max(rule.least - item.characters, 0));
  if (tokens.inside.empty() || tokens.inside.back().characters <= most) {
    allow(tokens.inside_mask);
  } else {
    for (const auto& [characters, token] : tokens.inside) {
      if (characters > most) break;
      mask_[token / 64] |= std::uint64_t{1} << token % 64;
    }
  }
  for (const auto& [characters, token] : tokens.closing) {
    if (characters >= least && characters <= most) mask_[token / 64] |= std::uint64_t{1} << token % 64;
  }
  work_.clear();
  stacks_.leave(work_, item.frame);
  const std::size_t after = work_.size();
  for (const auto& [characters, node] : tokens.closed_nodes) {
    if (characters < least || characters > most) continue;
    work_.resize(after);
    walk(node, 0);
  }
}

void Matcher::allow_in_leaf(const Item& item) {
  const auto tokens = program_->leaf_tokens(item.state);
  allow(tokens->mask);
  for (const TokenId token : tokens->few) mask_[static_cast<std::size_t>(token) / 64] |= std::uint64_t{1} << token % 64;
  work_.clear();
  stacks_.leave(work_, item.frame);
  const std::size_t after = work_.size();
  for (const std::uint32_t node : tokens->exits) {
    work_.resize(after);
    walk(node, 0);
  }
}

/// Allows the tokens below `node` that work_[begin ..) can read.
void Matcher::walk(std::uint32_t node, std::size_t begin) {
  const auto nodes = vocabulary_.nodes();
  const std::size_t top = nodes[node].depth;
  depths_.assign({begin, work_.size()});  // items of depth d: work_[depths_[d] .. depths_[d + 1])
  for (std::uint32_t i = node + 1; i < nodes[node].end;) {
    const auto& at = nodes[i];
    const std::size_t depth = at.depth - top;
    depths_.resize(depth + 1);
    work_.resize(depths_[depth]);
    stacks_.step(work_, depths_[depth - 1], depths_[depth], at.byte);
    if (work_.size() == depths_[depth]) {
      i = at.end;
      continue;
    }
    depths_.push_back(work_.size());
    if (at.token >= 0) {
      const bool ends = std::any_of(work_.begin() + static_cast<std::ptrdiff_t>(depths_[depth]), work_.end(),
                                    [this](const Item& item) { return stacks_.distance(item) < unreachable; });
      if (ends) allow(at.token);
    }
    ++i;
  }
}

/// Leaves in work_ what the token makes of items_; false if nothing.
bool Matcher::read(TokenId token) {
  work_ = items_;
  for (const char c : vocabulary_.bytes(token)) {
    const std::size_t end = work_.size();
    stacks_.step(work_, 0, end, static_cast<std::uint8_t>(c));
    work_.erase(work_.begin(), work_.begin() + static_cast<std::ptrdiff_t>(end));
    if (work_.empty()) return false;
  }
  return !vocabulary_.bytes(token).empty();
}

bool Matcher::accept(TokenId token) {
  const std::size_t frames = stacks_.mark();
  if (!read(token)) {
    stacks_.drop_after(frames);
    return false;
  }
  items_ = work_;
  if (!plan_.empty() && plan_.back() == token) {
    plan_.pop_back();
  } else {
    plan_.clear();
    if (token == next_token_) plan_ = std::move(next_plan_);
  }
  next_token_ = -1;
  next_plan_.clear();
  if (stacks_.mark() > kManyFrames) stacks_.compact(items_);
  return true;
}

const Item& Matcher::nearest(std::size_t begin, std::size_t end) const {
  return *std::min_element(work_.begin() + static_cast<std::ptrdiff_t>(begin),
                           work_.begin() + static_cast<std::ptrdiff_t>(end),
                           [this](const Item& a, const Item& b) { return stacks_.distance(a) < stacks_.distance(b); });
}

bool Matcher::fits(TokenId token, std::size_t left) {
  if (vocabulary_.is_end(token) || (!plan_.empty() && plan_.back() == token)) return true;
  const std::size_t frames = stacks_.mark();
  bool fitting = false;
  if (read(token)) {
    const Item item = nearest(0, work_.size());
    fitting = stacks_.distance(item) <= left;
    if (!fitting && stacks_.distance(item) < unreachable) {
      std::vector<TokenId> plan = way_to_end(item);
      fitting = plan.size() <= left;
      if (fitting) {
        next_token_ = token;
        next_plan_ = std::move(plan);
      }
    }
  }
  stacks_.drop_after(frames);
  return fitting;
}

std::size_t Matcher::shortest() {
  const std::size_t frames = stacks_.mark();
  work_ = items_;
  plan_ = way_to_end(nearest(0, work_.size()));
  stacks_.drop_after(frames);
  return plan_.size();
}

/// The longest token that begins the shortest way; moves the item behind it.
TokenId Matcher::longest_step(Item& item) {
  const auto nodes = vocabulary_.nodes();
  TokenId token = -1;
  Item at = item;
  for (std::uint32_t node = 0; stacks_.distance(at) > 0;) {
    const std::uint8_t byte = stacks_.nearest_byte(at);
    std::uint32_t child = node + 1;
    while (child < nodes[node].end && nodes[child].byte != byte) child = nodes[child].end;
    if (child >= nodes[node].end) break;
    node = child;
    work_.assign(1, at);
    stacks_.step(work_, 0, 1, byte);
    if (work_.size() == 1) break;
    at = nearest(1, work_.size());
    if (nodes[node].token < 0) continue;
    token = nodes[node].token;
    item = at;
  }
  return token;
}

/// In reverse. Bytes on the way have single-byte tokens, so that there is always a step.
std::vector<TokenId> Matcher::way_to_end(Item item) {
  std::vector<TokenId> way;
  while (stacks_.distance(item) > 0) {
    const TokenId token = longest_step(item);
    if (token < 0) break;
    way.push_back(token);
  }
  std::ranges::reverse(way);
  return way;
}

/// Of work_[begin ..) keeps the items that are at most `distance` from the end; false if there is none.
bool Matcher::keep_nearest(std::size_t begin, std::uint32_t distance) {
  const auto first = work_.begin() + static_cast<std::ptrdiff_t>(begin);
  work_.erase(std::remove_if(first, work_.end(), [&](const Item& item) { return stacks_.distance(item) > distance; }),
              work_.end());
  return work_.size() > begin;
}

std::span<const std::uint64_t> Matcher::steered(std::size_t left) {
  mask_.assign(vocabulary_.mask_words(), 0);
  if (complete()) {
    for (const TokenId token : vocabulary_.end_tokens()) allow(token);
    return mask_;
  }
  const std::size_t frames = stacks_.mark();
  work_ = items_;
  const std::uint32_t distance = stacks_.distance(nearest(0, work_.size()));
  keep_nearest(0, distance);
  depths_.assign({0, work_.size()});
  std::vector<std::pair<TokenId, std::uint32_t>> nearer;
  const auto nodes = vocabulary_.nodes();
  for (std::uint32_t i = 1; i < nodes.size();) {
    const auto& at = nodes[i];
    depths_.resize(at.depth + 1U);
    work_.resize(depths_[at.depth]);
    if (at.depth <= distance) stacks_.step(work_, depths_[at.depth - 1U], depths_[at.depth], at.byte);
    if (at.depth > distance || !keep_nearest(depths_[at.depth], distance - at.depth)) {
      i = at.end;
      continue;
    }
    depths_.push_back(work_.size());
    if (at.token >= 0) nearer.emplace_back(at.token, distance - at.depth);
    ++i;
  }
  stacks_.drop_after(frames);
  if (!plan_.empty() && plan_.size() - 1 <= left) allow(plan_.back());
  int plans = 0;
  for (const auto& [token, rest] : nearer) {
    if (rest <= left || (plans++ < kMostPlans && fits(token, left))) allow(token);
  }
  return mask_;
}

}  // namespace hadal::grammar
