#include <nlohmann/json.hpp>

#include "fuzz/entrances/entrance.h"
#include "fuzz/entrances/input.h"
#include "hadal/reasoning.h"
#include "text/stop_matcher.h"

// Two bytes, whether the answer begins inside thinking and where it is cut; stop strings, one a line; the answer.
namespace hadal::test {
namespace {

using Events = std::vector<AnswerEvent>;

void add(Events& events, const Events& more) {
  for (const AnswerEvent& event : more) {
    const bool call = event.kind == AnswerEvent::Kind::tool_call;
    promise(call != event.call.name.empty(), "a call without a name, or a name without a call");
    promise(call == event.text.empty(), "an event without text, or a call with some");
    if (call) promise(nlohmann::json::parse(event.call.arguments, nullptr, false).is_object(), "no arguments");
    if (!call && !events.empty() && events.back().kind == event.kind) {
      events.back().text += event.text;
    } else {
      events.push_back(event);
    }
  }
}

/// In pieces of `size` bytes.
Events parsed(std::string_view answer, bool thinking, std::size_t size) {
  AnswerParser parser(thinking);
  Events out;
  for (; !answer.empty(); answer.remove_prefix(std::min(size, answer.size()))) {
    add(out, parser.push(answer.substr(0, size)));
  }
  add(out, parser.finish());
  return out;
}

struct Stopped {
  std::string text;
  bool stopped = false;
  bool operator==(const Stopped&) const = default;
};

Stopped matched(std::string_view answer, const std::vector<std::string>& stops, std::size_t size) {
  StopMatcher matcher(stops);
  Stopped out;
  for (; !answer.empty(); answer.remove_prefix(std::min(size, answer.size()))) {
    out.text += matcher.push(answer.substr(0, size));
  }
  out.stopped = matcher.stopped();
  out.text += matcher.finish();
  return out;
}

void promise_stops(std::string_view answer, const std::vector<std::string>& stops, std::size_t size) {
  const Stopped whole = matched(answer, stops, answer.size());
  promise(answer.starts_with(whole.text), "a text that nobody wrote");
  promise(whole.stopped || whole.text == answer, "a text that was cut without a stop");
  for (const std::string& stop : stops) {
    promise(stop.empty() || whole.text.find(stop) == std::string::npos, "a stop string that was passed over");
  }
  promise(matched(answer, stops, size) == whole, "a stop that depends on the cut");
  promise(matched(answer, stops, 1) == whole, "a stop that depends on the cuts");
}

}  // namespace

void enter_answer(std::string_view bytes) {
  Input input(bytes);
  const bool thinking = (input.byte() & 1U) != 0;
  const std::size_t size = std::max<std::size_t>(input.byte() % 32, 1);
  std::vector<std::string> stops;
  for (Input lines(input.section()); !lines.empty() && stops.size() < 8;) stops.emplace_back(lines.line());
  const std::string_view answer = input.rest();
  const Events whole = parsed(answer, thinking, answer.size());
  promise(parsed(answer, thinking, size) == whole, "events that depend on the cut");
  promise(parsed(answer, thinking, 1) == whole, "events that depend on the cuts");
  promise_stops(answer, stops, size);
  const std::vector<TextPart> prompt = {{std::string(answer.substr(0, answer.size() / 2)), false},
                                        {std::string(answer.substr(answer.size() / 2)), true}};
  promise(AnswerParser(prompt).thinking() == begins_thinking(prompt), "two beginnings");
}

}  // namespace hadal::test
