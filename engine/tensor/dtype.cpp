#include "tensor/dtype.h"

#include <array>

namespace hadal {
namespace {

// Sizes from ggml's block structs (ggml-common.h), by number; an empty name marks a number that was withdrawn.
// Q8_1 and Q8_K hold activations and never occur in files.
constexpr std::array<DTypeTraits, 42> all_traits{{
    {"F32", 1, 4, true},         {"F16", 1, 2, true},        {"Q4_0", 32, 18, true},      {"Q4_1", 32, 20, true},
    {"", 0, 0, false},           {"", 0, 0, false},          {"Q5_0", 32, 22, true},      {"Q5_1", 32, 24, true},
    {"Q8_0", 32, 34, true},      {"Q8_1", 32, 36, false},    {"Q2_K", 256, 84, true},     {"Q3_K", 256, 110, true},
    {"Q4_K", 256, 144, true},    {"Q5_K", 256, 176, true},   {"Q6_K", 256, 210, true},    {"Q8_K", 256, 292, false},
    {"IQ2_XXS", 256, 66, false}, {"IQ2_XS", 256, 74, false}, {"IQ3_XXS", 256, 98, false}, {"IQ1_S", 256, 50, false},
    {"IQ4_NL", 32, 18, true},    {"IQ3_S", 256, 110, false}, {"IQ2_S", 256, 82, false},   {"IQ4_XS", 256, 136, true},
    {"I8", 1, 1, false},         {"I16", 1, 2, false},       {"I32", 1, 4, false},        {"I64", 1, 8, false},
    {"F64", 1, 8, false},        {"IQ1_M", 256, 56, false},  {"BF16", 1, 2, true},        {"", 0, 0, false},
    {"", 0, 0, false},           {"", 0, 0, false},          {"TQ1_0", 256, 54, false},   {"TQ2_0", 256, 66, false},
    {"", 0, 0, false},           {"", 0, 0, false},          {"", 0, 0, false},           {"MXFP4", 32, 17, false},
    {"NVFP4", 64, 36, false},    {"Q1_0", 128, 18, false},
}};

constexpr DTypeTraits f8_e4m3 = {"F8_E4M3", 1, 1, true};

}  // namespace

const DTypeTraits* dtype_traits(std::uint32_t number) {
  if (number == static_cast<std::uint32_t>(DType::f8_e4m3)) return &f8_e4m3;
  if (number >= all_traits.size() || all_traits[number].name.empty()) return nullptr;
  return &all_traits[number];
}

}  // namespace hadal
