#!/usr/bin/env python3
"""Writes tests/data/gguf_writer.gguf with the gguf package: metadata of every type and tensors of several, which
tests/engine/gguf_writer_test.cpp writes too and compares byte for byte.

    gguf_writer.py                 # makes the file (gguf 0.19)
    gguf_writer.py read FILE       # reads any file with the package and prints its tensor types, to check others
"""
import collections
import pathlib
import sys

import gguf
import numpy as np

DATA = pathlib.Path(__file__).resolve().parent.parent / "data" / "gguf_writer.gguf"


def write(path, alignment):
    out = gguf.GGUFWriter(path, "test")
    out.add_custom_alignment(alignment)
    out.add_uint8("u8", 200)
    out.add_int8("i8", -100)
    out.add_uint16("u16", 60000)
    out.add_int16("i16", -30000)
    out.add_uint32("u32", 4000000000)
    out.add_int32("i32", -2000000000)
    out.add_uint64("u64", 1 << 63)
    out.add_int64("i64", -(1 << 62))
    out.add_float32("f32", 0.1)
    out.add_float64("f64", 0.1)
    out.add_bool("yes", True)
    out.add_bool("no", False)
    out.add_string("text", "caf\u00e9 \U0001f40b")
    out.add_array("texts", ["a", "", "\uff5c"])
    out.add_array("numbers", [1, -2, 3])
    out.add_array("floats", [0.5, -1.5])
    out.add_array("flags", [True, False, True])
    for name, shape, dtype, kind in (
            ("halves", (3, 5), np.float16, None),
            ("blocks", (2, 34), np.uint8, gguf.GGMLQuantizationType.Q8_0),
            ("experts", (2, 3, 18), np.uint8, gguf.GGMLQuantizationType.Q4_0),
            ("vector", (7,), np.float32, None)):
        count = int(np.prod(shape))
        values = (np.arange(count) % 251).astype(dtype).reshape(shape)
        out.add_tensor(name, values, raw_dtype=kind)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


def read(path):
    file = gguf.GGUFReader(path)
    types = collections.Counter(tensor.tensor_type.name for tensor in file.tensors)
    print(f"{path}: {len(file.fields)} fields, {len(file.tensors)} tensors, {dict(types)}")
    for tensor in file.tensors:
        rows = tensor.data[:1] if tensor.data.ndim > 1 else tensor.data[None, :64]
        values = gguf.dequantize(rows, tensor.tensor_type)
        assert np.isfinite(values).all(), tensor.name


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "read":
        read(sys.argv[2])
    else:
        write(DATA, 64)
