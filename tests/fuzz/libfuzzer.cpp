#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "fuzz/entrances/entrance.h"

// One entrance as libFuzzer goes it: HADAL_ENTRANCE is its function. A broken promise ends the program, which keeps the
// input.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    hadal::test::HADAL_ENTRANCE({reinterpret_cast<const char*>(data), size});
  } catch (const hadal::test::BrokenPromise& broken) {
    std::fprintf(stderr, "broken promise: %s\n", broken.what());
    std::abort();
  }
  return 0;
}
