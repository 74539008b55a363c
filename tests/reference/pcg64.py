#!/usr/bin/env python3
"""Prints the first numbers of the sampler's generator, by numpy's own PCG64: the values in tests/engine/sampler_test.cpp."""
import numpy as np

MULTIPLIER = 2549297995355413924 << 64 | 4865540595714422341
INCREMENT = 6364136223846793005 << 64 | 1442695040888963407

for seed in (0, 42, 2**64 - 1):
    # pcg_setseq_128_srandom: step from zero, add the seed, step.
    state = ((INCREMENT + seed) * MULTIPLIER + INCREMENT) % 2**128
    bits = np.random.PCG64()
    bits.state = {**bits.state, "state": {"state": state, "inc": INCREMENT}, "has_uint32": 0, "uinteger": 0}
    print(seed, [hex(int(bits.random_raw())) for _ in range(3)], np.random.Generator(bits).random())
