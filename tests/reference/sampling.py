#!/usr/bin/env python3
"""Writes tests/data/sampling.json: what transformers' own logits processors leave to draw from, for random logits and options.

    sampling.py tests/data/sampling.json

Bias: SequenceBiasLogitsProcessor. Repetition: RepetitionPenaltyLogitsProcessor. Frequency and presence: OpenAI's
formula, written down here (transformers has none). Then Temperature, TopK, TopP, MinP and Typical warpers in the order
of generate(). Works in float64, so that no token is kept or left because of rounding; cases whose outcome hangs on the
last digits are drawn again.
"""
import json
import random
import sys

import torch
from transformers.generation import logits_process as lp

VOCABULARY = 48


def pipeline(case, nudge=0.0):
    o = case["options"]
    history = torch.tensor([case["history"]])
    scores = torch.tensor([case["logits"]], dtype=torch.float64)
    if o["logit_bias"]:
        scores = lp.SequenceBiasLogitsProcessor([[[t], b] for t, b in o["logit_bias"]])(history, scores)
    window = o["penalty_window"] or len(case["history"])
    first = max(0, len(case["history"]) - window)
    if o["repetition_penalty"] != 1.0:
        scores = lp.RepetitionPenaltyLogitsProcessor(o["repetition_penalty"])(history[:, first:], scores)
    answer = case["history"][max(first, case["prompt_length"]):]
    for token in set(answer):
        scores[0, token] -= answer.count(token) * o["frequency_penalty"] + o["presence_penalty"]
    greedy = int(scores.argmax())
    scores = lp.TemperatureLogitsWarper(o["temperature"])(history, scores)
    if o["top_k"]:
        scores = lp.TopKLogitsWarper(o["top_k"])(history, scores)
    if o["top_p"] < 1.0:
        scores = lp.TopPLogitsWarper(o["top_p"] + nudge)(history, scores)
    if o["min_p"] > 0.0:
        scores = lp.MinPLogitsWarper(o["min_p"] * (1.0 + nudge))(history, scores)
    if o["typical_p"] < 1.0:
        scores = lp.TypicalLogitsWarper(o["typical_p"] + nudge)(history, scores)
    p = scores.softmax(-1)[0]
    kept = {int(i): float(p[i]) for i in torch.nonzero(torch.isfinite(scores[0])).flatten()}
    return greedy, kept


def logprobs(case):
    p = torch.tensor(case["logits"], dtype=torch.float64).log_softmax(-1)
    top = torch.topk(p, 5)
    return [[int(i), float(v)] for v, i in zip(top.values, top.indices)]


def draw(rng):
    length = rng.randint(1, 40)
    maybe = lambda values, off: rng.choice(values) if rng.random() < 0.5 else off
    return {
        "logits": [float(torch.tensor(rng.gauss(0.0, 3.0), dtype=torch.float32)) for _ in range(VOCABULARY)],
        "history": [rng.randrange(VOCABULARY) for _ in range(length)],
        "prompt_length": rng.randint(0, length),
        "options": {
            "temperature": rng.choice([0.25, 0.5, 0.75, 1.0, 1.5, 2.0]),
            "logit_bias": [[t, rng.choice([-4.0, 2.5, 8.0])] for t in rng.sample(range(VOCABULARY), maybe([1, 2, 5], 0))],
            "repetition_penalty": maybe([0.75, 1.25, 1.5, 2.0], 1.0),
            "frequency_penalty": maybe([-0.5, 0.25, 1.0], 0.0),
            "presence_penalty": maybe([-0.5, 0.5, 1.5], 0.0),
            "penalty_window": maybe([1, 5, 20], 0),
            "top_k": maybe([1, 3, 10, 40, 100], 0),
            "top_p": maybe([0.25, 0.5, 0.75, 0.9375], 1.0),
            "min_p": maybe([0.015625, 0.0625, 0.25], 0.0),
            "typical_p": maybe([0.25, 0.5, 0.75, 0.9375], 1.0),
        },
    }


def main():
    rng = random.Random(20240611)
    cases = []
    while len(cases) < 120:
        case = draw(rng)
        greedy, kept = pipeline(case)
        if any(set(pipeline(case, nudge)[1]) != set(kept) for nudge in (-1e-4, 1e-4)):
            continue
        case["greedy"], case["kept"] = greedy, [[i, p] for i, p in kept.items()]
        case["likeliest"] = logprobs(case)
        cases.append(case)
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        json.dump(cases, out, separators=(",", ":"))


main()
