#!/usr/bin/env python3
"""Makes tests/data/quantise.json: rows of numbers, and the squared errors with which others quantise them.

    quantise.py OUT --ggml libggml-base.so

"package" are the quantisers of the gguf Python package (plain rounding), "library" those of ggml, without and with an
importance per column. Errors are sums over a row of (x - stored)^2, weighted by the importance in "library_weighted",
in float64 after dequantising with the gguf package. Needs numpy and gguf.
"""
import argparse
import ctypes
import json
import pathlib

import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import quants

COLUMNS = 256
PACKAGE = ("Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1")
LIBRARY = PACKAGE + ("IQ4_NL", "IQ4_XS", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K")


def make_rows(random):
    normal = random.standard_normal((4, COLUMNS))
    outliers = random.standard_normal((2, COLUMNS))
    outliers[:, ::37] *= 12
    rows = {
        "normal": 0.02 * normal[0],
        "normal again": normal[1],
        "heavy tails": 0.1 * random.standard_t(3, COLUMNS),
        "laplace": random.laplace(0, 0.05, COLUMNS),
        "outliers": 0.03 * outliers[0],
        "uniform": random.uniform(-1, 1, COLUMNS),
        "all positive": np.abs(normal[2]) + 0.5,
        "all negative": -np.abs(normal[3]) - 0.01,
        "mostly zero": np.where(random.random(COLUMNS) < 0.9, 0, outliers[1]),
        "groups of their own size": normal[1] * np.repeat(np.exp(random.standard_normal(16)), 16),
        "small": 1e-3 * normal[3],
        "large": 300 * normal[2],
    }
    return {name: row.astype(np.float32) for name, row in rows.items()}


def library_stored(library, kind, row, importance):
    rows = np.ascontiguousarray(row)
    block, size = quants.GGML_QUANT_SIZES[kind]
    out = np.zeros(COLUMNS // block * size, dtype=np.uint8)
    floats = ctypes.POINTER(ctypes.c_float)
    weights = importance.ctypes.data_as(floats) if importance is not None else None
    library.ggml_quantize_chunk(int(kind), rows.ctypes.data_as(floats), out.ctypes.data_as(ctypes.c_void_p),
                                ctypes.c_int64(0), ctypes.c_int64(1), ctypes.c_int64(COLUMNS), weights)
    return quants.dequantize(out, kind)


def error(row, stored, importance=None):
    squares = (row.astype(np.float64) - stored.astype(np.float64)) ** 2
    return float((squares * importance.astype(np.float64)).sum() if importance is not None else squares.sum())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--ggml", required=True)
    arguments = parser.parse_args()

    random = np.random.default_rng(4)
    rows = make_rows(random)
    importance = np.exp(1.5 * random.standard_normal(COLUMNS)).astype(np.float32)
    library = ctypes.CDLL(arguments.ggml)
    library.ggml_quantize_chunk.restype = ctypes.c_size_t
    cases = []
    for name, row in rows.items():
        case = {"name": name, "row": row.astype("<f4").tobytes().hex()}
        case["package"] = {t: error(row, quants.dequantize(quants.quantize(row, Type[t]), Type[t])) for t in PACKAGE}
        case["library"] = {t: error(row, library_stored(library, Type[t], row, None)) for t in LIBRARY}
        case["library_weighted"] = {
            t: error(row, library_stored(library, Type[t], row, importance), importance) for t in LIBRARY}
        cases.append(case)
    document = {"made_by": "tests/reference/quantise.py", "importance": importance.astype("<f4").tobytes().hex(),
                "cases": cases}
    arguments.out.write_text(json.dumps(document, indent=0) + "\n")
    print(arguments.out, arguments.out.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
