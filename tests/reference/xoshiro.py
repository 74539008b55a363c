#!/usr/bin/env python3
"""Prints the first numbers of xoshiro256++ whose state comes from splitmix64 with seed 0, by the recipes of Blackman and
Vigna (https://prng.di.unimi.it/: xoshiro256plusplus.c, splitmix64.c), for tests/engine/random_blocks_test.cpp."""
MASK = (1 << 64) - 1


def splitmix(state):
    while True:
        state = state + 0x9E3779B97F4A7C15 & MASK
        z = state
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
        yield z ^ z >> 31


def rotated(x, k):
    return (x << k | x >> 64 - k) & MASK


def xoshiro(s):
    while True:
        yield rotated(s[0] + s[3] & MASK, 23) + s[0] & MASK
        t = s[1] << 17 & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotated(s[3], 45)


if __name__ == "__main__":
    seeds = splitmix(0)
    numbers = xoshiro([next(seeds) for _ in range(4)])
    print(" ".join(f"0x{next(numbers):016x}" for _ in range(3)))
