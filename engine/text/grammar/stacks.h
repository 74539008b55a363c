#pragma once

#include <cstdint>
#include <vector>

#include "text/grammar/program.h"

namespace hadal::grammar {

/// One way to have read the text so far: a state at which a byte is awaited, and the calls it is inside of.
struct Item {
  static constexpr std::int32_t over = -1;  ///< As `state`: the text is complete.
  std::int32_t state = over;
  std::int32_t characters = 0;  ///< Read of the string, in rules that count them.
  std::int32_t frame = -1;      ///< The innermost call; -1: the root rule.
};

/// Steps items over bytes. Calls are kept as frames that point at their callers; items share them.
class Stacks {
 public:
  /// Ways to read one text that are followed at once; more are dropped, which may only narrow what is allowed.
  static constexpr std::size_t most_items = 128;

  explicit Stacks(const Program& program) : program_(program) {}

  /// Appends the items before the first byte.
  void start(std::vector<Item>& items);
  /// Appends what items[begin .. end) become by reading `byte`.
  void step(std::vector<Item>& items, std::size_t begin, std::size_t end, std::uint8_t byte);
  /// Appends what follows the end of the rule that `frame` called.
  void leave(std::vector<Item>& items, std::int32_t frame);

  /// Shortest way to the end of the text, in bytes.
  std::uint32_t distance(const Item& item) const;
  /// The first byte of it; not for an item that is over.
  std::uint8_t nearest_byte(const Item& item) const;
  std::uint32_t depth(const Item& item) const { return item.frame < 0 ? 0 : frame(item.frame).depth; }

  /// Frames made after a mark can be dropped when no item has them any more.
  std::size_t mark() const { return frames_.size(); }
  void drop_after(std::size_t mark) { frames_.resize(mark); }
  /// Drops the frames that none of `items` has.
  void compact(std::vector<Item>& items);

 private:
  struct Frame {
    std::int32_t back = 0;  ///< State of the caller after the call.
    std::int32_t caller = -1;
    std::uint32_t distance = 0;  ///< From `back` to the end of the text.
    std::uint32_t depth = 1;
  };
  struct Visit {
    std::int32_t state, frame;
  };
  const Frame& frame(std::int32_t index) const { return frames_[static_cast<std::size_t>(index)]; }
  void begin_closure(std::size_t first);
  void step_string(std::vector<Item>& items, Item item, const Rule& rule, std::uint8_t byte);
  void enter(std::vector<Item>& items, std::int32_t state, std::int32_t frame);
  void leave_rule(std::vector<Item>& items, std::int32_t frame);
  void add(std::vector<Item>& items, const Item& item);
  std::int32_t pushed(std::int32_t back, std::int32_t caller);

  const Program& program_;
  std::vector<Frame> frames_;
  // Of the step under way:
  std::size_t first_item_ = 0, first_frame_ = 0;
  std::vector<Visit> visited_;
};

}  // namespace hadal::grammar
