#!/usr/bin/env python3
"""What guessed tokens gain: `generate` with and without --no-drafts, in turns.

    drafts.py --engine build/bin/hadal-engine MODEL [--file FILE] [--pairs 15] [--tokens 300]
              [--only rewrite | free]

FILE's first 300 lines, by default those of one of the engine's own sources, are written anew with three changes, as an
answer that is forced: small and random models cannot be trusted to write it. Then some questions are answered freely at
temperature 0 and 0.9. Whatever is guessed, tokens must be the same; the rates' ratios are told. Single pairs are 10 %
apart on a quiet machine: medians of fewer than 15 say little.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
QUESTIONS = ["Write a poem about the sea.", "Explain how a bicycle stays upright, step by step.",
             "List the planets of the solar system and say one thing about each of them.",
             "Write a Python function that reverses a list, then explain it."]


def generate(engine, model, extra, drafts):
    command = [engine, "generate", model, *extra, "--json", *([] if drafts else ["--no-drafts"])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def compare(title, engine, model, extra, pairs):
    ratios, sample = [], None
    for pair in range(pairs):
        # Who begins changes: the second finds the file in the page cache.
        both = {drafts: generate(engine, model, extra, drafts) for drafts in ([True, False] if pair % 2 else [False, True])}
        if both[True]["tokens"] != both[False]["tokens"]:
            sys.exit(f"{title}: other tokens with drafts than without")
        sample = both[True]
        if sample["generated_tokens"] < 20:
            print(f"{title}: only {sample['generated_tokens']} tokens, not measured", flush=True)
            return
        ratios.append(sample["decode_tokens_per_s"] / both[False]["decode_tokens_per_s"])
    print(f"{title}: {statistics.median(ratios):.3f} times as fast ({min(ratios):.2f} to {max(ratios):.2f}, {pairs} pairs; "
          f"{sample['generated_tokens']} tokens, {sample['accepted_tokens']} of {sample['drafted_tokens']} guessed right)",
          flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--engine", required=True)
    parser.add_argument("--file", type=pathlib.Path, default=ROOT / "engine/runtime/cpu_engine.cpp")
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--tokens", type=int, default=300)
    parser.add_argument("--only", choices=["rewrite", "free"])
    options = parser.parse_args()
    before = options.file.read_text().splitlines()[:300]
    after = list(before)
    for at in (40, 150, 260):
        after[at] = "  // " + after[at].strip() + " changed"
    with tempfile.TemporaryDirectory() as folder:
        question, answer = pathlib.Path(folder, "messages.json"), pathlib.Path(folder, "answer.txt")
        if options.only != "free":
            text = "Change three lines of this file and write all of it:\n\n" + "\n".join(before) + "\n"
            question.write_text(json.dumps([{"role": "user", "content": text}]))
            answer.write_text("\n".join(after) + "\n")
            extra = ["--messages", str(question), "--forced-answer", str(answer), "--context", "16384"]
            cache = str(pathlib.Path(folder, "cache"))  # the question is read once
            generate(options.engine, options.model, [*extra, "--max-tokens", "1", "--save-cache", cache], True)
            extra += ["--load-cache", cache, "--max-tokens", str(options.tokens)]
            compare(f"{len(before)} lines written anew", options.engine, options.model, extra, options.pairs)
        for question_text in [] if options.only == "rewrite" else QUESTIONS:
            question.write_text(json.dumps([{"role": "user", "content": question_text}]))
            for temperature in ("0", "0.9"):
                extra = ["--messages", str(question), "--max-tokens", str(options.tokens), "--temperature", temperature,
                         "--seed", "7"]
                compare(f"{question_text!r}, temperature {temperature}", options.engine, options.model, extra,
                        options.pairs)


if __name__ == "__main__":
    main()
