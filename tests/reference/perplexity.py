#!/usr/bin/env python3
"""Compares `hadal-engine perplexity` with transformers reading the same GGUF file in float32, over the same ids and windows.

    perplexity.py MODEL.gguf TEXT --engine build/bin/hadal-engine [--context 256] [--device reference]

Windows of --context tokens, each beginning half a window after the one before; each judges the tokens that no earlier
one has, all but the text's first. Prints both values and their relative difference.
"""
import argparse
import json
import math
import pathlib
import subprocess

import torch
import transformers


def ours(args, *command):
    out = subprocess.run([args.engine, *command], check=True, capture_output=True, text=True).stdout
    return json.loads(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("text")
    parser.add_argument("--engine", required=True)
    parser.add_argument("--context", type=int, default=256)
    parser.add_argument("--device", default="reference")
    args = parser.parse_args()
    torch.set_num_threads(2)
    ids = ours(args, "tokenize", str(args.model), "--file", args.text, "--json")["ids"]
    model = transformers.AutoModelForCausalLM.from_pretrained(args.model.parent, gguf_file=args.model.name, dtype=torch.float32)
    nats, judged, first = 0.0, 1, 0
    while judged < len(ids):
        part = torch.tensor([ids[first:first + args.context]])
        with torch.no_grad():
            logp = model(part).logits[0].double().log_softmax(-1)
        for i in range(judged - first, part.shape[1]):
            nats -= float(logp[i - 1, part[0, i]])
        judged = first + part.shape[1]
        first += args.context // 2
    reference = math.exp(nats / (len(ids) - 1))
    got = ours(args, "perplexity", str(args.model), "--file", args.text, "--context", str(args.context), "--json",
               "--device", args.device)
    assert got["tokens"] == len(ids) - 1, (got, len(ids))
    print(json.dumps({"transformers": reference, "hadal": got["perplexity"],
                      "relative": abs(got["perplexity"] / reference - 1.0), "tokens": len(ids) - 1}))


main()
