#!/usr/bin/env python3
"""Compares our logits with those of transformers reading the same GGUF file in float32, and with llama-cpp-python's.

    compare_logits.py MODEL.gguf --engine build/bin/hadal-engine [--llama-python PYTHON] [--tokens 512] [--json FILE]
    compare_logits.py MODEL.gguf --golden tests/data/logits_smollm2.json

The text is tests/data/logits_text.txt: English, Chinese and code. "relative" is, for each position, the largest
difference of two rows of logits over the largest absolute logit of the reference's row; the figure is the largest of
all positions. Needs torch, transformers and gguf; --llama-python names an interpreter that has llama_cpp.

The golden holds, for every position, the reference's two likeliest tokens, their logits, the row's largest absolute
logit and its log-sum-exp; and for a few positions every 64th logit of the row, so that `./dev test` can check
both devices without torch.
"""
import argparse
import base64
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
TEXT = HERE.parent / "data" / "logits_text.txt"
STRIDE = 64  # of the vocabulary, in the golden's full rows


def reference_logits(model_path, tokens):
    import torch
    import transformers

    folder, name = model_path.parent, model_path.name
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, gguf_file=name)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
    ids = tokenizer.encode(TEXT.read_text(encoding="utf-8"), add_special_tokens=False)[:tokens]
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0].numpy()
    return ids, logits.astype(np.float32)


def our_logits(engine, model_path, ids, *options):
    with tempfile.NamedTemporaryFile(suffix=".bin") as out:
        command = [engine, "logits", str(model_path), "--ids", ",".join(map(str, ids)), "--out", out.name, *options]
        shape = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        return np.fromfile(out.name, dtype="<f4").reshape(shape["tokens"], shape["vocab"])


LLAMA = """
import sys, json
import numpy as np
from llama_cpp import Llama
path, ids, out = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
llm = Llama(model_path=path, n_ctx=len(ids), n_batch=len(ids), logits_all=True, n_threads=2, n_threads_batch=2, verbose=False)
llm.eval(ids)
np.asarray(llm.scores[: len(ids)], dtype="<f4").tofile(out)
"""


def llama_logits(python, model_path, ids, vocabulary):
    with tempfile.NamedTemporaryFile(suffix=".bin") as out:
        subprocess.run([python, "-c", LLAMA, str(model_path), json.dumps(ids), out.name], check=True, capture_output=True)
        return np.fromfile(out.name, dtype="<f4").reshape(len(ids), vocabulary)


def log_softmax(rows):
    rows = rows.astype(np.float64)
    top = rows.max(axis=1, keepdims=True)
    return rows - top - np.log(np.exp(rows - top).sum(axis=1, keepdims=True))


def compare(reference, other):
    """Figures of one comparison; KL is that of the other distribution from the reference's, in nats."""
    difference = np.abs(reference.astype(np.float64) - other.astype(np.float64)).max(axis=1)
    relative = difference / np.abs(reference).max(axis=1)
    p, q = log_softmax(reference), log_softmax(other)
    kl = (np.exp(p) * (p - q)).sum(axis=1)
    ordered = np.sort(reference, axis=1)
    clear = ordered[:, -1] - ordered[:, -2] > 0.2
    same = reference.argmax(axis=1) == other.argmax(axis=1)
    return {
        "max_relative": float(relative.max()),
        "max_absolute": float(difference.max()),
        "mean_kl": float(kl.mean()),
        "max_kl": float(kl.max()),
        "top_differs_where_clear": int((~same & clear).sum()),
        "top_differs": int((~same).sum()),
        "positions": len(reference),
    }


def write_golden(path, model_path, ids, logits):
    order = np.argsort(-logits, axis=1, kind="stable")[:, :2]
    picked = sorted(set(range(0, 12)) | set(range(12, len(ids), 20)) | {len(ids) - 1})
    rows = logits[picked][:, ::STRIDE].astype("<f4")
    golden = {
        "made_by": "tests/reference/compare_logits.py",
        "model": model_path.name,
        "ids": ids,
        "top": order.tolist(),
        "top_logits": [[float(logits[i, j]) for j in order[i]] for i in range(len(ids))],
        "largest": [float(np.abs(row).max()) for row in logits],
        "log_sum_exp": [float(x) for x in (logits.astype(np.float64)[:, 0] - log_softmax(logits)[:, 0])],
        "stride": STRIDE,
        "rows": picked,
        "row_logits": base64.b64encode(rows.tobytes()).decode(),
    }
    for key in ("top_logits", "largest", "log_sum_exp"):
        golden[key] = json.loads(json.dumps(golden[key]), parse_float=lambda s: float(f"{float(s):.8g}"))
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    print(f"{path}: {len(ids)} tokens, {len(picked)} rows, {path.stat().st_size} bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--engine")
    parser.add_argument("--llama-python")
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--golden", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()

    ids, reference = reference_logits(arguments.model, arguments.tokens)
    if arguments.golden:
        write_golden(arguments.golden, arguments.model, ids, reference)
    if not arguments.engine:
        return 0
    ours = {}
    for name, options in {
        "reference": ("--device", "reference"),
        "cpu": ("--device", "cpu"),
        "cpu, step": ("--device", "cpu", "--step"),
        "reference, step": ("--device", "reference", "--step"),
    }.items():
        ours[name] = our_logits(arguments.engine, arguments.model, ids, *options)
    figures = {name: compare(reference, logits) for name, logits in ours.items()}
    for device in ("cpu", "reference"):
        figures[f"{device}: step against prefill"] = compare(ours[device], ours[f"{device}, step"])
    if arguments.llama_python:
        figures["llama.cpp"] = compare(reference, llama_logits(arguments.llama_python, arguments.model, ids, reference.shape[1]))
    for name, row in figures.items():
        print(f"{name:30} relative {row['max_relative']:.2e}  mean KL {row['mean_kl']:.2e}  max KL {row['max_kl']:.2e}  "
              f"top differs {row['top_differs']}, where clear {row['top_differs_where_clear']} of {row['positions']}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")

    failures = [name for name in ("reference", "reference, step", "reference: step against prefill")
                if not figures[name]["max_relative"] <= 1e-3]  # so that what is no number fails
    failures += [name for name in ("cpu", "cpu, step") if figures[name]["top_differs_where_clear"]]
    if "llama.cpp" in figures:
        failures += [name for name in ("cpu", "cpu, step") if not figures[name]["mean_kl"] <= figures["llama.cpp"]["mean_kl"]]
    print("failed: " + "; ".join(failures) if failures else "all within bounds")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
