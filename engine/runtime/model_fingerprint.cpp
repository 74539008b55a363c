#include "runtime/model_fingerprint.h"

#include <algorithm>

#include "base/checksum.h"

namespace hadal {
namespace {

/// Two checksums with different seeds, chained.
class Chain {
 public:
  void add(std::span<const std::byte> bytes) {
    for (std::uint64_t& half : print_) half = checksum(bytes, half);
  }
  void add(std::string_view text) { add(std::as_bytes(std::span(text))); }
  template <class T>
  void number(T value) {
    add(std::as_bytes(std::span(&value, 1)));
  }
  const Fingerprint& print() const { return print_; }

 private:
  Fingerprint print_{0x68616461, 0x6C6B7663};
};

constexpr std::size_t kSample = 4096 / 3;

void add_samples(std::span<const std::byte> data, Chain& chain) {
  if (data.size() <= 3 * kSample) return chain.add(data);
  chain.add(data.first(kSample));
  chain.add(data.subspan(data.size() / 2, kSample));
  chain.add(data.last(kSample));
}

}  // namespace

Fingerprint model_fingerprint(const Checkpoint& file) {
  Chain chain;
  for (const std::string_view key : file.keys()) {
    chain.add(key);
    chain.add(file.value(key)->payload);
  }
  for (const CheckpointTensor& tensor : file.tensors()) {
    chain.add(tensor.name);
    chain.number(static_cast<std::uint32_t>(tensor.type));
    for (const std::uint64_t dimension : tensor.shape) chain.number(dimension);
    add_samples(tensor.data, chain);
    add_samples(tensor.scales, chain);
  }
  return chain.print();
}

}  // namespace hadal
