#include "text/grammar/stacks.h"

#include <algorithm>

namespace hadal::grammar {
namespace {

/// States looked at in one step; a schema made to explode is cut here, which may only narrow what is allowed.
constexpr std::size_t kMostVisits = 1024;

}  // namespace

void Stacks::start(std::vector<Item>& items) {
  begin_closure(items.size());
  enter(items, program_.root_start(), -1);
}

void Stacks::leave(std::vector<Item>& items, std::int32_t frame) {
  begin_closure(items.size());
  leave_rule(items, frame);
}

void Stacks::begin_closure(std::size_t first) {
  first_item_ = first;
  first_frame_ = frames_.size();
  visited_.clear();
}

void Stacks::step(std::vector<Item>& items, std::size_t begin, std::size_t end, std::uint8_t byte) {
  begin_closure(items.size());
  for (std::size_t i = begin; i < end; ++i) {
    const Item item = items[i];
    if (item.state == Item::over) continue;
    const Rule& rule = program_.rule_at(item.state);
    if (rule.kind == Rule::Kind::string) {
      step_string(items, item, rule, byte);
      continue;
    }
    const std::int32_t local = program_.local(item.state), next = rule.dfa.step(local, byte);
    if (next != Dfa::dead) enter(items, item.state - local + next, item.frame);
  }
}

void Stacks::step_string(std::vector<Item>& items, Item item, const Rule& rule, std::uint8_t byte) {
  const auto state = static_cast<std::uint8_t>(program_.local(item.state));
  const std::uint8_t next = string_automaton().next[state][byte];
  if (next == string_state::dead) return;
  if (next == string_state::closed) {
    if (item.characters >= rule.least) leave_rule(items, item.frame);
    return;
  }
  if (state == string_state::between && rule.most != Rule::unbounded && item.characters >= rule.most) return;
  if (next == string_state::between && state != string_state::opening) ++item.characters;
  // What counts no more need not tell items apart.
  if (rule.most == Rule::unbounded) item.characters = std::min(item.characters, rule.least);
  item.state += next - state;
  add(items, item);
}

void Stacks::enter(std::vector<Item>& items, std::int32_t state, std::int32_t frame) {
  const bool seen =
      std::ranges::any_of(visited_, [&](const Visit& visit) { return visit.state == state && visit.frame == frame; });
  if (seen || visited_.size() >= kMostVisits) return;
  visited_.push_back({state, frame});
  if (program_.distance(state) >= unreachable) return;
  const Rule& rule = program_.rule_at(state);
  if (rule.kind == Rule::Kind::string) return add(items, {state, 0, frame});
  if (program_.byte_distance(state) < unreachable) add(items, {state, 0, frame});
  const auto local = static_cast<std::size_t>(program_.local(state));
  if (rule.dfa.accepting[local]) leave_rule(items, frame);
  const std::int32_t first = state - static_cast<std::int32_t>(local);
  for (const auto& call : rule.dfa.calls[local]) {
    const std::int32_t back = first + call.to, start = program_.start_of(call.rule);
    if (program_.distance(back) >= unreachable || program_.distance(start) >= unreachable) continue;
    // A call that nothing follows needs no way back.
    enter(items, start, program_.only_ends(back) ? frame : pushed(back, frame));
  }
}

void Stacks::leave_rule(std::vector<Item>& items, std::int32_t index) {
  if (index < 0) return add(items, {});
  const Frame left = frame(index);
  enter(items, left.back, left.caller);
}

void Stacks::add(std::vector<Item>& items, const Item& item) {
  if (items.size() - first_item_ >= most_items) return;
  for (std::size_t i = first_item_; i < items.size(); ++i) {
    if (items[i].state == item.state && items[i].characters == item.characters && items[i].frame == item.frame) return;
  }
  items.push_back(item);
}

std::int32_t Stacks::pushed(std::int32_t back, std::int32_t caller) {
  for (std::size_t i = first_frame_; i < frames_.size(); ++i) {
    if (frames_[i].back == back && frames_[i].caller == caller) return static_cast<std::int32_t>(i);
  }
  Frame made{back, caller, program_.distance(back), 1};
  if (caller >= 0) {
    made.distance = std::min(made.distance + frame(caller).distance, unreachable);
    made.depth = frame(caller).depth + 1;
  }
  frames_.push_back(made);
  return static_cast<std::int32_t>(frames_.size()) - 1;
}

std::uint32_t Stacks::distance(const Item& item) const {
  if (item.state == Item::over) return 0;
  const std::uint32_t outside = item.frame < 0 ? 0 : frame(item.frame).distance;
  const Rule& rule = program_.rule_at(item.state);
  if (rule.kind == Rule::Kind::automaton) return std::min(program_.byte_distance(item.state) + outside, unreachable);
  const std::int32_t state = program_.local(item.state);
  // A character that has begun will count; the distance of the state has the whole of `least` in it.
  const std::int32_t counted = item.characters + (state > string_state::between ? 1 : 0);
  return std::min(program_.distance(item.state) - static_cast<std::uint32_t>(std::min(counted, rule.least)) + outside,
                  unreachable);
}

std::uint8_t Stacks::nearest_byte(const Item& item) const {
  const Rule& rule = program_.rule_at(item.state);
  if (rule.kind == Rule::Kind::automaton) return program_.nearest_byte(item.state);
  const auto state = static_cast<std::uint8_t>(program_.local(item.state));
  if (state == string_state::between && item.characters < rule.least) return 'a';
  return string_automaton().nearest[state];
}

void Stacks::compact(std::vector<Item>& items) {
  std::vector<std::int32_t> renamed(frames_.size(), -1);
  for (const Item& item : items) {
    for (std::int32_t i = item.frame; i >= 0 && renamed[static_cast<std::size_t>(i)] < 0; i = frame(i).caller) {
      renamed[static_cast<std::size_t>(i)] = 0;
    }
  }
  std::size_t kept = 0;
  // Callers come before the frames they called.
  for (std::size_t i = 0; i < frames_.size(); ++i) {
    if (renamed[i] < 0) continue;
    Frame moved = frames_[i];
    if (moved.caller >= 0) moved.caller = renamed[static_cast<std::size_t>(moved.caller)];
    renamed[i] = static_cast<std::int32_t>(kept);
    frames_[kept++] = moved;
  }
  frames_.resize(kept);
  for (Item& item : items) {
    if (item.frame >= 0) item.frame = renamed[static_cast<std::size_t>(item.frame)];
  }
}

}  // namespace hadal::grammar
