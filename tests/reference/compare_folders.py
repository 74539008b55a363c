#!/usr/bin/env python3
"""Lets llama.cpp read what hadal-engine quantize makes of the folders in tests/data/hugging_face.

    compare_folders.py --engine build/bin/hadal-engine --llama-python PYTHON [--type F32] [--models NAME,...]

Every folder becomes one GGUF file, its experts stacked; told are mean KL, in nats, of llama.cpp's next-token
distributions from those of transformers that the fixtures hold, and the largest difference of a logit over their spread.
What llama.cpp does not load is told with its own words. Needs numpy; --llama-python names an interpreter with llama_cpp.
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np

from compare_logits import compare, llama_logits

DATA = pathlib.Path(__file__).resolve().parent.parent / "data" / "hugging_face"
WORST_KL = 1e-4  # llama.cpp keeps keys and values in 16 bits
OTHERWISE = {"mistral-window": "llama.cpp has no window in this architecture"}

WHY = """
import sys
from llama_cpp import Llama
Llama(model_path=sys.argv[1], n_ctx=32, verbose=True)
"""


def why_not_loaded(python, path):
    told = subprocess.run([python, "-c", WHY, str(path)], capture_output=True, text=True).stderr
    reasons = [line for line in told.splitlines() if line.startswith("llama_model_load: error")]
    return reasons[0] if reasons else "llama.cpp fails without a reason"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", required=True)
    parser.add_argument("--llama-python", required=True)
    parser.add_argument("--type", default="F32")
    parser.add_argument("--models")
    arguments = parser.parse_args()
    cases = json.loads((DATA / "cases.json").read_text(encoding="utf-8"))["models"]
    worst = 0.0
    for name in arguments.models.split(",") if arguments.models else cases:
        ids = cases[name]["ids"]
        expected = np.fromfile(DATA / "models" / f"{name}.f32", dtype="<f4").reshape(len(ids), -1)
        with tempfile.TemporaryDirectory() as place:
            folder, path = pathlib.Path(place) / name, pathlib.Path(place) / "model.gguf"
            shutil.copytree(DATA / "models" / name, folder)
            shutil.copy(DATA / "tokenizers" / "byte.json", folder / "tokenizer.json")
            subprocess.run([arguments.engine, "quantize", folder, path, "--type", arguments.type], check=True, capture_output=True)
            try:
                theirs = llama_logits(arguments.llama_python, path, ids, expected.shape[1])
            except subprocess.CalledProcessError:
                print(f"{name:18} {why_not_loaded(arguments.llama_python, path)}")
                continue
        figures = compare(expected, theirs)
        spread = float(expected.max() - expected.min())
        if name not in OTHERWISE:
            worst = max(worst, figures["mean_kl"])
        print(f"{name:18} KL {figures['mean_kl']:.1e}  difference over spread {figures['max_absolute'] / spread:.1e}"
              f"  {OTHERWISE.get(name, '')}", flush=True)
    return 1 if worst > WORST_KL else 0


if __name__ == "__main__":
    sys.exit(main())
