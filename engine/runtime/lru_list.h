#pragma once

#include <cstdint>
#include <vector>

namespace hadal {

/// Numbers from 0 on in the order in which they were last put in. Takes no memory after it was made.
class LruList {
 public:
  static constexpr std::int32_t none = -1;

  explicit LruList(std::int32_t count)
      : links_(static_cast<std::size_t>(count) + 1), ring_(count) {  // behind the numbers: the ring's own link
    link(ring_) = {ring_, ring_};
  }

  std::int32_t oldest() const { return size_ > 0 ? links_[static_cast<std::size_t>(ring_)].next : none; }
  std::int32_t size() const { return size_; }
  /// `number` is not in the list.
  void add(std::int32_t number) {
    const std::int32_t last = link(ring_).previous;
    link(number) = {last, ring_};
    link(last).next = link(ring_).previous = number;
    ++size_;
  }
  /// `number` is in the list.
  void remove(std::int32_t number) {
    const Link own = link(number);
    link(own.previous).next = own.next;
    link(own.next).previous = own.previous;
    --size_;
  }

 private:
  struct Link {
    std::int32_t previous = none, next = none;
  };
  Link& link(std::int32_t number) { return links_[static_cast<std::size_t>(number)]; }

  std::vector<Link> links_;
  std::int32_t ring_, size_ = 0;
};

}  // namespace hadal
