#!/usr/bin/env python3
"""The engine beside llama.cpp on models of real shapes, in turns on the same files, written into docs/performance.md.

    table.py --engine build/bin/hadal-engine [--models build/bench] [--llama-python PYTHON] [--pairs 5] [--threads 2]
             [--only TEXT]... [--model FILE]... [--depths 0,2048,8192] [--out docs/performance.md]

Weights are hadal-engine synth's: random, in the published shapes, made where they are missing (35 GB for all). Each
side is a process of its own that reads 512 tokens and writes 64 behind `depth` others; the two take turns, so that a
machine whose memory is faster at one time than at another favours nobody, and never hold a model at the same time.
What is written down are medians of the pairs. PYTHON is one that has llama-cpp-python (PyPI), by default the one of
HADAL_LLAMA_PYTHON or python3; without it the engine is measured alone.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

PROMPT, GENERATE = 512, 64
MODELS = [  # title, shape, type
    ("R1-Distill-Qwen-1.5B's shape, Q4_0", "r1-distill-qwen-1.5b", "q4_0"),
    ("R1-Distill-Qwen-1.5B's shape, Q4_K_M", "r1-distill-qwen-1.5b", "q4_k_m"),
    ("R1-Distill-Qwen-1.5B's shape, Q8_0", "r1-distill-qwen-1.5b", "q8_0"),
    ("R1-Distill-Qwen-1.5B's shape, BF16", "r1-distill-qwen-1.5b", "bf16"),
    ("DeepSeek-V2-Lite's shape, Q4_0", "deepseek-v2-lite", "q4_0"),
    ("DeepSeek-V2-Lite's shape, deepseek mix", "deepseek-v2-lite", "deepseek"),
]
BEGIN, END = "<!-- table.py writes from here -->", "<!-- to here -->"

LLAMA = """
import json, os, sys, time
import llama_cpp
path, prompt, generate, depth, threads, kept = sys.argv[1], *map(int, sys.argv[2:6]), sys.argv[6]
llm = llama_cpp.Llama(model_path=path, n_ctx=depth + prompt + generate + 8, n_batch=512, n_ubatch=512, n_threads=threads, n_threads_batch=threads, verbose=False)
vocabulary = llm.n_vocab()
ids = [(i * 7919 + 13) % (vocabulary - 2000) + 1000 for i in range(depth + prompt)]
context = llm._ctx.ctx
def go_back():
    # eval() removes from the cache what lies behind n_tokens.
    llm.n_tokens = max(depth, 0)
restored = False
if depth and os.path.exists(kept):
    tokens, count = (llama_cpp.llama_token * depth)(), llama_cpp.ctypes.c_size_t()
    restored = llama_cpp.llama_state_seq_load_file(context, kept.encode(), 0, tokens, depth, count) > 0 and count.value == depth
if not restored:
    llm.eval(ids[:depth] if depth else ids[:32])
    if depth:
        llama_cpp.llama_state_seq_save_file(context, kept.encode(), 0, (llama_cpp.llama_token * depth)(*ids[:depth]), depth)
go_back()
start = time.perf_counter()
llm.eval(ids[depth:])
prefill = prompt / (time.perf_counter() - start)
go_back()
llm.eval(ids[:1])
start = time.perf_counter()
for i in range(generate):
    llm.eval([ids[i]])
print(json.dumps({"prefill_tokens_per_s": prefill, "decode_tokens_per_s": generate / (time.perf_counter() - start)}))
"""


def say(text):
    print(f"table: {text}", file=sys.stderr, flush=True)


def output_of(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"table: {command[0]} failed: {done.stderr.strip()[-2000:]}")
    return json.loads(done.stdout)


def peer(python):
    """The Python that has llama-cpp-python, and its version; or None."""
    for candidate in [python] if python else [os.environ.get("HADAL_LLAMA_PYTHON"), "python3"]:
        if not candidate:
            continue
        try:
            done = subprocess.run([candidate, "-c", "import llama_cpp; print(llama_cpp.__version__)"], capture_output=True, text=True)
        except OSError:
            continue
        if done.returncode == 0:
            return candidate, done.stdout.strip()
    if python:
        sys.exit(f"table: {python} has no llama_cpp.")
    say("there is no llama-cpp-python here, so the engine is measured alone (--llama-python PYTHON).")
    return None


def subjects(arguments):
    """Titles and files: those that were named, or the table's, made when it is their turn."""
    for file in arguments.model:
        yield pathlib.Path(file).name, pathlib.Path(file)
    for title, shape, kind in [] if arguments.model else MODELS:
        if not arguments.only or any(text.lower() in title.lower() for text in arguments.only):
            yield title, model_file(arguments, shape, kind)


def model_file(arguments, shape, kind):
    path = pathlib.Path(arguments.models) / f"{shape}-{kind}.gguf"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        say(f"making {path}")
        subprocess.run([arguments.engine, "synth", shape, "--type", kind, str(path)], check=True)
    return path


def hadal(arguments, model, depth):
    # All experts are laid out before, as llama.cpp does when it loads a model, and a first prompt is not counted.
    return output_of([arguments.engine, "bench", str(model), "--prompt", str(PROMPT), "--generate", str(GENERATE), "--depth", str(depth),
                      "--context", str(depth + PROMPT + GENERATE + 8), "--threads", str(arguments.threads), "--ahead", "--repetitions", "1", "--json"])


def llama(arguments, python, model, depth):
    return output_of([python, "-c", LLAMA, str(model), str(PROMPT), str(GENERATE), str(depth), str(arguments.threads), f"{model}.{depth}.state"])


def measure(arguments, python, model, depth, pairs):
    """The medians of both sides and of the pairs' ratios."""
    runs = {"hadal": [], "llama.cpp": []}
    for _ in range(pairs):
        runs["hadal"].append(hadal(arguments, model, depth))
        if python:
            runs["llama.cpp"].append(llama(arguments, python, model, depth))
        say(f"{model.name} behind {depth}: " + "; ".join(
            f"{side} {each[-1]['prefill_tokens_per_s']:.1f} read, {each[-1]['decode_tokens_per_s']:.1f} written"
            for side, each in runs.items() if each) + f"; memory at {runs['hadal'][-1]['bandwidth_gb_per_s']:.0f} GB/s")
    pathlib.Path(f"{model}.{depth}.state").unlink(missing_ok=True)
    out = {}
    for key in ("prefill_tokens_per_s", "decode_tokens_per_s", "prefill_share_of_peak", "decode_share_of_bandwidth", "bandwidth_gb_per_s", "int8_gop_per_s"):
        out[key] = statistics.median(run[key] for run in runs["hadal"])
    for key in ("prefill_tokens_per_s", "decode_tokens_per_s") if python else ():
        out["llama " + key] = statistics.median(run[key] for run in runs["llama.cpp"])
        out["ratio " + key] = statistics.median(ours[key] / theirs[key] for ours, theirs in zip(runs["hadal"], runs["llama.cpp"]))
    return out


def row(title, depth, pairs, figures):
    def side(key):
        cells = [f"{figures[key]:.1f}"]
        if "llama " + key in figures:
            return cells + [f"{figures['llama ' + key]:.1f}", f"**{figures['ratio ' + key]:.2f}**"]
        return cells + ["", ""]

    cells = [title, str(depth), str(pairs), *side("prefill_tokens_per_s"), f"{100 * figures['prefill_share_of_peak']:.0f} %",
             *side("decode_tokens_per_s"), f"{100 * figures['decode_share_of_bandwidth']:.0f} %"]
    return "| " + " | ".join(cells) + " |"


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "an unknown processor"


def section(arguments, version, rows, limits):
    lines = [BEGIN, f"{time.strftime('%d %B %Y')}, {arguments.threads} threads of {processor()}"
             + (f", llama-cpp-python {version}" if version else "") + ". Measured between the tokens: memory read at "
             f"{min(limits['bandwidth_gb_per_s']):.0f} to {max(limits['bandwidth_gb_per_s']):.0f} GB/s, int8 products at up to "
             f"{max(limits['int8_gop_per_s']):.0f} GOP/s. Tokens a second: {PROMPT} read, {GENERATE} written, behind `depth` others; medians.", "",
             "| model | depth | pairs | prefill | llama.cpp | ratio | of the peak | decode | llama.cpp | ratio | of the bandwidth |",
             "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |", *rows, END]
    return "\n".join(lines)


def write(path, text):
    page = pathlib.Path(path)
    old = page.read_text()
    if BEGIN not in old or END not in old:
        sys.exit(f"table: {path} has no place for the table; it is\n{text}")
    page.write_text(old[: old.index(BEGIN)] + text + old[old.index(END) + len(END):])
    say(f"written to {path}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", required=True)
    parser.add_argument("--models", default="build/bench", help="where the weights are kept")
    parser.add_argument("--llama-python")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--only", action="append", default=[], help="rows whose title holds this")
    parser.add_argument("--model", action="append", default=[], help="a file to measure instead of the table's models")
    parser.add_argument("--depths", default="0,2048,8192")
    parser.add_argument("--out", help="a page with a place for the table; without it the table is printed")
    arguments = parser.parse_args()
    found = peer(arguments.llama_python)
    rows, limits = [], {"bandwidth_gb_per_s": [], "int8_gop_per_s": []}
    for title, model in subjects(arguments):
        for depth in map(int, arguments.depths.split(",")):
            pairs = arguments.pairs if depth < 8192 else min(arguments.pairs, 2)
            figures = measure(arguments, found[0] if found else None, model, depth, pairs)
            for key, values in limits.items():
                values.append(figures[key])
            rows.append(row(title, depth, pairs, figures))
            say(rows[-1])
    if not rows:
        sys.exit("table: no model's title holds that.")
    text = section(arguments, found[1] if found else None, rows, limits)
    if arguments.out:
        write(arguments.out, text)
    else:
        print(text)


if __name__ == "__main__":
    main()
