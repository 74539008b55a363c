// Stands in for the GPU module where there is no GPU; built several times, each with another answer.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "runtime/cuda_abi.h"

namespace {
// A canary leaves a trace when it is merely loaded.
__attribute__((constructor)) void sing() {
  if (const char* file = std::getenv("HADAL_CANARY_FILE")) {
    if (std::FILE* trace = std::fopen(file, "a")) {
      std::fputs("loaded\n", trace);
      std::fclose(trace);
    }
  }
}
}  // namespace

extern "C" void hadal_cuda_describe(std::uint32_t, HadalCudaDescription* out) {
  out->abi = FAKE_ABI;
  std::snprintf(out->engine_version, sizeof out->engine_version, "%s", FAKE_VERSION);
  out->driver_cuda = FAKE_DRIVER;
  out->runtime_cuda = 13000;
  out->error = FAKE_ERROR;
  std::snprintf(out->error_text, sizeof out->error_text, "%s", FAKE_ERROR ? "initialization error" : "");
  out->device_count = FAKE_DEVICES;
  for (int i = 0; i < FAKE_DEVICES; ++i) {
    out->devices[i] = {"Fake GPU", 24ULL << 30, 8, 9, 128};
  }
}
