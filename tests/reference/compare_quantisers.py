#!/usr/bin/env python3
"""Compares hadal-engine quantize with llama.cpp's own quantiser on one model.

    compare_quantisers.py MODEL.gguf --engine build/engine/bin/hadal-engine --llama-python PYTHON
        [--types Q8_0,Q4_0,...] [--imatrix] [--text FILE]... [--tokens 3072] [--no-kl] [--sample N] [--sharpen X]
        [--json FILE]

MODEL is brought to F16 first, so that both read the same weights. Each type is then made by both, and told are

    KL      mean over the text's positions of the divergence, in nats, of the quantised model's next-token distribution
            from the F16 model's; the same engine (ours, on the CPU) runs all of them, in windows of 512 tokens
    error   sum of (w - stored)^2 / sum of w^2 over the matrices that both gave the same type; with --imatrix each
            column of a matrix weighed by its importance

With --imatrix both get the importance matrix that hadal-engine gathers from other text (--calibration). The texts
default to this repository's own documents. --no-kl leaves the models unrun; --sample takes every Nth matrix only.
--sharpen multiplies the last norm's weights, which stay F32 in every type, and with them all logits: random weights give
a next token that is nearly any of the vocabulary, a trained model's is one of some tens. The mean entropy is told.
Fails where ours is worse by more than 2 %. Needs numpy and gguf; --llama-python names an interpreter with llama_cpp.
"""
import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
from gguf import GGMLQuantizationType, GGUFReader, dequantize

from compare_logits import our_logits

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WINDOW = 512
TYPES = "Q8_0,Q6_K,Q5_K_M,Q5_1,Q5_0,Q4_K_M,IQ4_NL,Q4_1,Q4_0"
TEXT = ["tests/data/logits_text.txt", "README.md", "README.zh-CN.md"]
CALIBRATION = ["ARCHITECTURE.md", "CONTRIBUTING.md", "docs/performance.md", "docs/store.md"]

LLAMA = """
import ctypes, sys
import numpy as np
from llama_cpp import llama_cpp as L
source, out, name, importance = sys.argv[1:5]
L.llama_backend_init()
params = L.llama_model_quantize_default_params()
params.nthread = 2
params.ftype = getattr(L, "LLAMA_FTYPE_MOSTLY_" + name)
if importance:
    with np.load(importance) as entries:
        arrays = {key: np.ascontiguousarray(entries[key]) for key in entries.files}
    data = (L.llama_model_imatrix_data * (len(arrays) + 1))()
    for slot, (key, values) in zip(data, arrays.items()):
        slot.name = key.encode()
        slot.data = values.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        slot.size = values.size
    params.imatrix = ctypes.cast(data, ctypes.POINTER(L.llama_model_imatrix_data))
sys.exit(L.llama_model_quantize(source.encode(), out.encode(), ctypes.byref(params)))
"""


def run(*command):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout


def tokens_of(engine, model, texts, limit):
    ids = []
    for text in texts:
        ids += json.loads(run(engine, "tokenize", model, "--file", ROOT / text, "--json"))["ids"]
    return ids[:limit]


def log_probabilities(engine, model, window):
    rows = our_logits(engine, model, window, "--device", "cpu").astype(np.float64)
    rows -= rows.max(axis=1, keepdims=True)
    return rows - np.log(np.exp(rows).sum(axis=1, keepdims=True))


def windows_of(ids):
    return [ids[first:first + WINDOW] for first in range(0, len(ids), WINDOW)]


def keep_base(engine, model, ids, folder):
    """The F16 model's log-probabilities, in files: there may be gigabytes. Returns their mean entropy, in nats."""
    entropy = 0.0
    for number, window in enumerate(windows_of(ids)):
        rows = log_probabilities(engine, model, window)
        np.save(folder / f"base{number}.npy", rows.astype(np.float32))
        entropy -= float((np.exp(rows) * rows).sum())
    return entropy / max(len(ids), 1)


def mean_kl(engine, model, ids, folder):
    total = 0.0
    for number, window in enumerate(windows_of(ids)):
        p = np.load(folder / f"base{number}.npy").astype(np.float64)
        total += float((np.exp(p) * (p - log_probabilities(engine, model, window))).sum())
    return total / len(ids)


def matrices(path):
    return {tensor.name: tensor for tensor in GGUFReader(path).tensors}


def sharpen(path, factor):
    for tensor in GGUFReader(path, "r+").tensors:
        if tensor.name == "output_norm.weight":
            tensor.data[:] *= np.float32(factor)


def relative_error(base, other, names, importance):
    squares = weights = 0.0
    for name in names:
        w = dequantize(base[name].data, base[name].tensor_type).astype(np.float64)
        stored = dequantize(other[name].data, other[name].tensor_type)
        columns = importance[name].astype(np.float64) if name in importance else 1.0
        squares += float(((w - stored) ** 2 * columns).sum())
        weights += float((w ** 2 * columns).sum())
    return squares / weights if weights else float("nan")


def read_importance(path):
    tensors = matrices(path)
    out = {}
    for name, tensor in tensors.items():
        if name.endswith(".in_sum2"):
            own = name[: -len(".in_sum2")]
            out[own] = (tensor.data / tensors[own + ".counts"].data.reshape(-1, 1)).astype(np.float32).ravel()
    return out


def kinds(tensors):
    return dict(collections.Counter(t.tensor_type.name for t in tensors.values() if len(t.shape) > 1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--engine", required=True)
    parser.add_argument("--llama-python", required=True)
    parser.add_argument("--types", default=TYPES)
    parser.add_argument("--imatrix", action="store_true")
    parser.add_argument("--text", action="append")
    parser.add_argument("--calibration", action="append")
    parser.add_argument("--tokens", type=int, default=3072)
    parser.add_argument("--no-kl", action="store_true")
    parser.add_argument("--sample", type=int, default=1)
    parser.add_argument("--sharpen", type=float)
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    engine = arguments.engine

    figures, failures = {}, []
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        folder = pathlib.Path(folder)
        base_path, importance_path, importance = folder / "f16.gguf", "", {}
        run(engine, "quantize", arguments.model, base_path, "--type", "F16")
        if arguments.sharpen:
            sharpen(base_path, arguments.sharpen)
        base = matrices(base_path)
        ids = [] if arguments.no_kl else tokens_of(engine, base_path, arguments.text or TEXT, arguments.tokens)
        entropy = keep_base(engine, base_path, ids, folder)
        options = []
        if arguments.imatrix:
            calibration = folder / "calibration.txt"
            calibration.write_text("".join((ROOT / f).read_text(encoding="utf-8") for f in arguments.calibration or CALIBRATION))
            matrix = folder / "imatrix.gguf"
            run(engine, "imatrix", base_path, "--file", calibration, "--out", matrix)
            importance = read_importance(matrix)
            importance_path = folder / "imatrix.npz"
            np.savez(importance_path, **importance)
            options = ["--imatrix", matrix]
        print(f"{arguments.model.name}, {len(ids)} tokens, entropy {entropy:.2f}{', with an importance matrix' if options else ''}")
        for name in arguments.types.split(","):
            ours_path, theirs_path = folder / "ours.gguf", folder / "theirs.gguf"
            begin = time.monotonic()
            told = json.loads(run(engine, "quantize", base_path, ours_path, "--type", name, "--json", *options))
            ours_seconds = time.monotonic() - begin
            begin = time.monotonic()
            run(arguments.llama_python, "-c", LLAMA, base_path, theirs_path, name, importance_path)
            theirs_seconds = time.monotonic() - begin
            ours, theirs = matrices(ours_path), matrices(theirs_path)
            same = [t for t in base if len(base[t].shape) > 1 and ours[t].tensor_type == theirs[t].tensor_type
                    and ours[t].tensor_type != GGMLQuantizationType.F32][::arguments.sample]
            row = {
                "bytes": [ours_path.stat().st_size, theirs_path.stat().st_size],
                "seconds": [ours_seconds, theirs_seconds],
                "types": [kinds(ours), kinds(theirs)],
                "fell_back": len(told["fell_back"]),
                "error": [relative_error(base, t, same, importance) for t in (ours, theirs)],
                "compared": len(same),
            }
            if ids:
                row["kl"] = [mean_kl(engine, path, ids, folder) for path in (ours_path, theirs_path)]
            figures[name] = row
            worse = [key for key in ("kl", "error") if key in row and row[key][0] > 1.02 * row[key][1]]
            failures += [f"{name} {key}" for key in worse]
            kl = f"KL {row['kl'][0]:.3e} {row['kl'][1]:.3e} ({row['kl'][0] / row['kl'][1]:.3f})  " if ids else ""
            print(f"{name:8} {kl}error {row['error'][0]:.3e} {row['error'][1]:.3e} ({row['error'][0] / row['error'][1]:.3f})"
                  f" of {row['compared']}  MB {row['bytes'][0] / 1e6:.1f} {row['bytes'][1] / 1e6:.1f}"
                  f"  s {ours_seconds:.1f} {theirs_seconds:.1f}  {row['types'][0]} {row['types'][1]}", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    print("worse by more than 2 %: " + "; ".join(failures) if failures else "nowhere worse by more than 2 %")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
