#include "text/jinja/budget.h"

#include "base/text.h"

namespace hadal::jinja {

Limits Limits::for_input(std::size_t bytes) {
  constexpr std::uint64_t kMegabyte = std::uint64_t{1} << 20;
  return {.steps = 3'000'000 + bytes,
          .memory = 64 * kMegabyte + 8 * bytes,
          .output = 16 * kMegabyte + 4 * bytes,
          .depth = 600};
}

void Budget::characters(std::string_view text) {
  step(text.size() / 4);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (static_cast<unsigned char>(text[i]) >= 0xC0) step(4);
  }
}

void Budget::out_of_steps() const {
  throw Failure{ErrorCode::unsupported, concat("it takes more than ", limits_.steps, " steps; it may run for ever")};
}
void Budget::out_of_memory() const {
  throw Failure{ErrorCode::unsupported, concat("it takes more than ", human_bytes(limits_.memory), " of memory")};
}
void Budget::out_of_output() const {
  throw Failure{ErrorCode::unsupported, concat("it writes more than ", human_bytes(limits_.output))};
}
void Budget::too_deep() const {
  throw Failure{ErrorCode::unsupported,
                concat("it is nested or calls itself more than ", limits_.depth, " levels deep")};
}

}  // namespace hadal::jinja
