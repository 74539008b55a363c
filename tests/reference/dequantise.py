#!/usr/bin/env python3
"""Makes tests/data/dequantise.json: random quantised blocks and what the gguf package reads from them.

Both are written as hexadecimal bytes, the values as little-endian float32.

Needs: pip install gguf numpy. Run from anywhere: python3 tests/reference/dequantise.py
"""
import json
import pathlib

import gguf
import numpy as np

BLOCKS = 3
# Byte offsets of each block's binary16 members: random bits there could be NaN, so they get sane values.
HALVES = {
    "F16": [0], "BF16": [], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q2_K": [80, 82],
    "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208], "IQ4_NL": [0], "IQ4_XS": [0],
}


def main() -> None:
    random = np.random.default_rng(20240117)
    cases = []
    for name, halves in HALVES.items():
        kind = gguf.GGMLQuantizationType[name]
        elements, size = gguf.GGML_QUANT_SIZES[kind]
        blocks = random.integers(0, 256, (BLOCKS, size), dtype=np.uint8)
        if name == "BF16":
            blocks = random.normal(0, 1, BLOCKS).astype(np.float32).view(np.uint8).reshape(BLOCKS, 4)[:, 2:].copy()
        for at in halves:
            scales = random.normal(0, 0.1, BLOCKS).astype(np.float16)
            blocks[:, at:at + 2] = scales.view(np.uint8).reshape(BLOCKS, 2)
        expected = gguf.quants.dequantize(blocks.reshape(-1), kind).astype(np.float32)
        assert expected.size == BLOCKS * elements
        cases.append({"type": name, "bytes": blocks.tobytes().hex(), "values": expected.astype("<f4").tobytes().hex()})
    target = pathlib.Path(__file__).resolve().parent.parent / "data" / "dequantise.json"
    target.write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    main()
