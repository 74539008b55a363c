#!/usr/bin/env python3
"""Our speed and llama-cpp-python's, measured in turns on the same file in the same run.

    compare_llama.py MODEL.gguf --engine build/bin/hadal-engine --llama-python PYTHON [--rounds 5] [--threads 2]

Reading 512 tokens and writing 64, from an empty context; the best of all rounds of each side is compared, because
other programs can only slow a run down. Ratios above 1 mean that we are faster.
"""
import argparse
import json
import subprocess
import sys

LLAMA = """
import sys, json, time
from llama_cpp import Llama
path, prompt, generate, threads = sys.argv[1], *map(int, sys.argv[2:5])
llm = Llama(model_path=path, n_ctx=prompt + generate + 8, n_batch=prompt, n_ubatch=prompt, n_threads=threads, n_threads_batch=threads, verbose=False)
ids = [(i * 7919) % 40000 + 1000 for i in range(prompt)]
best = [0.0, 0.0]
for repetition in range(3):
    llm.reset(); llm._ctx.kv_cache_clear() if hasattr(llm._ctx, "kv_cache_clear") else llm._ctx.memory_clear(True) if hasattr(llm._ctx, "memory_clear") else None
    start = time.perf_counter(); llm.eval(ids); best[0] = max(best[0], prompt / (time.perf_counter() - start))
    llm.reset()
    llm.eval(ids[:1])
    start = time.perf_counter()
    for i in range(generate): llm.eval([ids[i]])
    best[1] = max(best[1], generate / (time.perf_counter() - start))
print(json.dumps({"prefill_tokens_per_s": best[0], "decode_tokens_per_s": best[1]}))
"""


def output_of(command):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--engine", required=True)
    parser.add_argument("--llama-python", required=True)
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--generate", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--step-milliseconds", type=int, default=60)
    arguments = parser.parse_args()
    sizes = [str(arguments.prompt), str(arguments.generate), str(arguments.threads)]
    keys = ("prefill_tokens_per_s", "decode_tokens_per_s")
    best = {side: dict.fromkeys(keys, 0.0) for side in ("hadal", "llama.cpp")}
    for _ in range(arguments.rounds):
        runs = {
            "hadal": [arguments.engine, "bench", arguments.model, "--prompt", sizes[0], "--generate", sizes[1], "--threads", sizes[2],
                      "--step-milliseconds", str(arguments.step_milliseconds), "--json"],
            "llama.cpp": [arguments.llama_python, "-c", LLAMA, arguments.model, *sizes],
        }
        for side, command in runs.items():
            figures = output_of(command)
            for key in keys:
                best[side][key] = max(best[side][key], figures[key])
    for key in keys:
        ours, theirs = best["hadal"][key], best["llama.cpp"][key]
        print(f"{key:22} hadal {ours:8.1f}  llama.cpp {theirs:8.1f}  ratio {ours / theirs:.2f}")
    # The floor of this project: within three times of llama.cpp.
    return 0 if all(best["hadal"][key] * 3 >= best["llama.cpp"][key] for key in keys) else 1


if __name__ == "__main__":
    sys.exit(main())
