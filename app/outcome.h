#pragma once

#include <QString>
#include <optional>

namespace hadal {

/// What an operation of the program came to: a value, or a sentence for the person. Copyable, so that it can travel
/// through QFuture and queued signals. (The engine's Result does the same without Qt.)
template <class T>
struct Outcome {
  std::optional<T> value;
  QString error;

  static Outcome success(T v) { return {std::move(v), {}}; }
  static Outcome failure(QString sentence) { return {std::nullopt, std::move(sentence)}; }
  explicit operator bool() const { return value.has_value(); }
  const T& operator*() const { return *value; }
  const T* operator->() const { return &*value; }
};

struct Nothing {};

}  // namespace hadal
