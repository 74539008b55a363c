#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace hadal {

/// What kind of failure an Error is, for code; the sentence beside it is for a person.
enum class ErrorCode {
  invalid_file,      ///< The bytes contradict their format.
  unsupported,       ///< Well-formed, but not something this build can run.
  not_found,         ///< No such file or object.
  io,                ///< The system refused to read or write.
  out_of_memory,     ///< An allocation was refused.
  invalid_argument,  ///< The caller's input is at fault.
  context_full,      ///< The prompt or the conversation is longer than the context.
  cancelled,         ///< Stopped on request.
  unavailable,       ///< The device or service is not there now.
};

/// A failure: one full sentence that says what, where and, if possible, what helps.
struct Error {
  ErrorCode code;
  std::string message;
};

/// Either a T or an Error. Expected failures travel as values; nothing in the engine throws across its headers.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }

  T& value() & { assert(*this); return *std::get_if<0>(&state_); }
  const T& value() const& { assert(*this); return *std::get_if<0>(&state_); }
  T&& value() && { assert(*this); return std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const { assert(!*this); return *std::get_if<1>(&state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), failed_(true) {}
  explicit operator bool() const { return !failed_; }
  const Error& error() const { assert(failed_); return error_; }

 private:
  Error error_{};
  bool failed_ = false;
};

}  // namespace hadal
