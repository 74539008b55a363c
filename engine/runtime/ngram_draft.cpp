#include "runtime/ngram_draft.h"

#include <algorithm>

namespace hadal {
namespace {

constexpr std::size_t kGram = 3;

/// Earlier places that are looked at: enough for a file's repeated lines, and a few microseconds at most.
constexpr int kMostPlaces = 32;

/// Of the three tokens that end at `end`; different ones may have the same key.
std::uint64_t key_at(std::span<const TokenId> text, std::size_t end) {
  std::uint64_t key = 0;
  for (std::size_t i = 0; i < kGram; ++i) key = key * 0x9E3779B97F4A7C15ULL + static_cast<std::uint32_t>(text[end - i]);
  return key;
}

/// How many tokens up to `place` are those up to the text's end.
int matched_at(std::span<const TokenId> text, std::size_t place) {
  int matched = 0;
  while (matched < NgramDraft::most_matched && static_cast<std::size_t>(matched) <= place &&
         text[place - static_cast<std::size_t>(matched)] == text[text.size() - 1 - static_cast<std::size_t>(matched)]) {
    ++matched;
  }
  return matched;
}

}  // namespace

void NgramDraft::read(std::span<const TokenId> text) {
  before_.reserve(text.size());
  for (std::size_t end = before_.size(); end < text.size(); ++end) {
    if (end + 1 < kGram) {
      before_.push_back(-1);
      continue;
    }
    const auto [place, is_new] = latest_.try_emplace(key_at(text, end), -1);
    before_.push_back(place->second);
    place->second = static_cast<std::int32_t>(end);
  }
}

NgramDraft::Guess NgramDraft::guess(std::span<const TokenId> text, std::size_t most) {
  read(text);
  if (text.size() < kGram + 1 || most == 0) return {};
  Guess guess;
  std::int32_t best = -1;
  const auto consider = [&](std::int32_t place) {
    const int matched = matched_at(text, static_cast<std::size_t>(place));
    if (matched <= guess.matched) return;
    guess.matched = matched;
    best = place;
  };
  // Where the last guess came from may be further back than the places looked at below.
  const auto advanced = static_cast<std::int32_t>(text.size() - taken_at_);
  if (source_ >= 0) consider(source_ + advanced);
  std::int32_t place = before_.back();
  for (int i = 0; i < kMostPlaces && place >= 0 && guess.matched < most_matched; ++i) {
    consider(place);
    place = before_[static_cast<std::size_t>(place)];
  }
  source_ = guess.matched >= static_cast<int>(kGram) ? best : -1;
  taken_at_ = text.size();
  if (source_ < 0) return {};
  // Behind the end of a text that repeats itself comes the guess itself.
  for (std::size_t next = static_cast<std::size_t>(best) + 1; guess.tokens.size() < most; ++next)
    guess.tokens.push_back(next < text.size() ? text[next] : guess.tokens[next - text.size()]);
  return guess;
}

}  // namespace hadal
