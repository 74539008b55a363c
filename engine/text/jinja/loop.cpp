#include "base/text.h"
#include "text/jinja/operations.h"
#include "text/jinja/runtime.h"

namespace hadal::jinja {
namespace {

/// loop.cycle and loop.changed.
class LoopMethod final : public CallableObject {
 public:
  using Function = Value (LoopObject::*)(Runtime&, const Arguments&) const;
  LoopMethod(std::shared_ptr<const LoopObject> loop, Function function) : loop_(std::move(loop)), function_(function) {}
  Value call(Runtime& runtime, const Arguments& arguments) const override {
    return ((*loop_).*function_)(runtime, arguments);
  }
  std::string describe() const override { return "method of loop"; }

 private:
  std::shared_ptr<const LoopObject> loop_;
  Function function_;
};

}  // namespace

Value LoopObject::call(Runtime& runtime, const Arguments& arguments) const {
  if (!statement_.recursive) runtime.fail("only a loop that says recursive can be called");
  if (scope_ == nullptr) runtime.fail("a loop is called after it has ended");
  if (arguments.positional.size() != 1) runtime.fail("loop() takes what to go over");
  return runtime.recurse(statement_, scope_, arguments.positional[0], depth_ + 1);
}

std::optional<Value> LoopObject::attribute(Runtime&, std::string_view name) const {
  const auto integer = [](std::size_t i) { return Value::integer(static_cast<std::int64_t>(i)); };
  const std::size_t count = items_.size();
  if (name == "index") return integer(index_ + 1);
  if (name == "index0") return integer(index_);
  if (name == "revindex") return integer(count - index_);
  if (name == "revindex0") return integer(count - index_ - 1);
  if (name == "first") return Value::boolean(index_ == 0);
  if (name == "last") return Value::boolean(index_ + 1 == count);
  if (name == "length") return integer(count);
  if (name == "depth") return Value::integer(depth_ + 1);
  if (name == "depth0") return Value::integer(depth_);
  if (name == "previtem") return index_ == 0 ? Value() : items_[index_ - 1];
  if (name == "nextitem") return index_ + 1 >= count ? Value() : items_[index_ + 1];
  const bool cycles = name == "cycle";
  if (!cycles && name != "changed") return std::nullopt;
  return Value(Value::Kind::callable,
               std::make_shared<LoopMethod>(shared_from_this(), cycles ? &LoopObject::cycle : &LoopObject::changed));
}

Value LoopObject::cycle(Runtime& runtime, const Arguments& arguments) const {
  if (arguments.positional.empty()) runtime.fail("loop.cycle takes values");
  return arguments.positional[index_ % arguments.positional.size()];
}

Value LoopObject::changed(Runtime& runtime, const Arguments& arguments) const {
  bool same = last_changed_ && last_changed_->size() == arguments.positional.size();
  for (std::size_t i = 0; same && i < arguments.positional.size(); ++i) {
    same = equal(runtime, (*last_changed_)[i], arguments.positional[i]);
  }
  last_changed_ = arguments.positional;
  return Value::boolean(!same);
}

}  // namespace hadal::jinja
