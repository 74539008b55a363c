#pragma once

// Highway offers it only to those who ask.
#ifndef HWY_WANT_AVX3_DL
#define HWY_WANT_AVX3_DL
#endif
#include "hwy/detect_targets.h"

// Every cpu.cpp is compiled once for each target that is left: SSE2 (what every x86-64 has), AVX2 with FMA, and AVX-512
// with products of four bytes (VNNI: Ice Lake, Zen 4 and later). The targets between them would cost compile time and
// give these kernels little.
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3 | HWY_AVX3_ZEN4 | HWY_AVX3_SPR)

/// The variant of an HWY_EXPORTed function that a Context asks for. Highway's own HWY_DYNAMIC_DISPATCH reads a choice
/// that is global to the process; two engines in one process may choose differently.
#define HADAL_DISPATCH(context, function) (*HWY_DISPATCH_TABLE(function)[(context).cpu_target])

/// Before a loop with a constant number of turns over an array of vectors: unrolled, the array stays in registers.
#define HADAL_UNROLL _Pragma("GCC unroll 32")
