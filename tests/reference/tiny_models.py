#!/usr/bin/env python3
"""Makes and measures the tiny random models of tests/data/tiny_models: every architecture, option and weight type.

    tiny_models.py make --llama-python PYTHON          # the files, the expected logits and llama.cpp's figures
    tiny_models.py table --engine build/bin/hadal-engine

A model is a transformers configuration with random weights, written as GGUF with the gguf package and quantised by
llama.cpp. The expected logits, NAME.f32, little-endian [tokens, vocabulary], are those of transformers in float32 with
the weights dequantised from that same file. cases.json holds for each model the tokens and the mean KL divergence, in
nats, of llama.cpp's distribution from the expected one; null where llama.cpp leaves out what the case is about (it reads
no sliding window from files of these architectures).

Needs torch, transformers and gguf; --llama-python names an interpreter that has llama_cpp.
"""
import argparse
import dataclasses
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import gguf
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from compare_logits import compare, llama_logits, our_logits  # noqa: E402

DATA = pathlib.Path(__file__).resolve().parent.parent / "data" / "tiny_models"
VOCABULARY = 64
TOKENS = 32
SMALL = {
    "vocab_size": VOCABULARY, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "intermediate_size": 32, "max_position_embeddings": 4096, "tie_word_embeddings": True,
    "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": None,
}
# Super-blocks need 256 columns; rows are few, to keep the files small. The two matrices that have fewer columns get
# the 32-element type that llama.cpp falls back on.
WIDE = SMALL | {"hidden_size": 256, "head_dim": 8}
ODD = SMALL | {"hidden_size": 40, "head_dim": 10, "intermediate_size": 30}
THETA = {"rope_type": "default", "rope_theta": 10000.0}


@dataclasses.dataclass
class Case:
    """A model: the class of transformers' configuration, what differs from SMALL, and the type of its matrices."""
    config: str
    options: dict
    kind: str = "Q8_0"
    base: dict = dataclasses.field(default_factory=lambda: SMALL)
    keys: dict = dataclasses.field(default_factory=dict)
    llama: bool = True


LLAMA3 = {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 64}
YARN = {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 1024}
LINEAR = {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0}

CASES = {
    "llama": Case("LlamaConfig", {}),
    "llama-untied": Case("LlamaConfig", {"tie_word_embeddings": False}),
    "llama-rope3": Case("LlamaConfig", {"rope_parameters": LLAMA3}),
    "llama-linear": Case("LlamaConfig", {"rope_parameters": LINEAR}),
    "llama-yarn": Case("LlamaConfig", {"rope_parameters": YARN}),
    "llama-biases": Case("LlamaConfig", {"attention_bias": True, "mlp_bias": True}),
    "mistral-window": Case("MistralConfig", {"sliding_window": 16}, llama=False),
    "qwen2": Case("Qwen2Config", {"tie_word_embeddings": False}),
    "qwen2-yarn": Case("Qwen2Config", {"rope_parameters": YARN}),
    "qwen3": Case("Qwen3Config", {"head_dim": 24}),
    "starcoder2": Case("Starcoder2Config", {"sliding_window": None}),
    "starcoder2-window": Case("Starcoder2Config", {"sliding_window": 16}, llama=False),
}
CASES |= {f"type-{kind}": Case("LlamaConfig", {}, kind, ODD) for kind in ("F32", "F16", "BF16")}
CASES |= {f"type-{kind}": Case("LlamaConfig", {}, kind) for kind in ("Q4_0", "Q4_1", "Q5_0", "Q5_1", "IQ4_NL")}
CASES |= {f"type-{kind}": Case("LlamaConfig", {}, kind, WIDE)
          for kind in ("Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_XS")}

ARCHITECTURES = {"LlamaConfig": "llama", "MistralConfig": "llama", "Qwen2Config": "qwen2", "Qwen3Config": "qwen3",
                 "Starcoder2Config": "starcoder2"}
# llama.h, enum llama_ftype
FILE_TYPES = {"F32": 0, "F16": 1, "Q4_0": 2, "Q4_1": 3, "Q8_0": 7, "Q5_0": 8, "Q5_1": 9, "Q2_K": 10, "Q3_K": 12,
              "Q4_K": 15, "Q5_K": 17, "Q6_K": 18, "IQ4_NL": 25, "IQ4_XS": 30, "BF16": 32}

LAYER_NAMES = {
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
}
OTHER_NAMES = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}


def gguf_name(name):
    """model.layers.0.self_attn.q_proj.weight -> blk.0.attn_q.weight"""
    stem, kind = name.rsplit(".", 1)
    if stem in OTHER_NAMES:
        return f"{OTHER_NAMES[stem]}.{kind}"
    _, _, layer, part = stem.split(".", 3)
    return f"blk.{layer}.{LAYER_NAMES[part]}.{kind}"


def halves_to_pairs(rows, heads):
    """Rows of q or k so that dimensions i and i + n / 2 of a head, which turn together, become neighbours."""
    return rows.reshape(heads, 2, -1, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def pairs_to_halves(rows, heads):
    return rows.reshape(heads, -1, 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def turned(name, rows, config, architecture, turn):
    """q and k of llama files are stored as pairs."""
    if architecture == "llama" and ".attn_q." in name:
        return turn(rows, config.num_attention_heads)
    if architecture == "llama" and ".attn_k." in name:
        return turn(rows, config.num_key_value_heads)
    return rows


def make_config(case):
    import transformers

    options = {"rope_parameters": THETA} | case.base | case.options
    return getattr(transformers, case.config)(**options)


def make_model(config):
    import torch
    import transformers

    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager", dtype=torch.float32)
    return model.eval()


def random_weights(model, random):
    """Sizes as in a trained model, so that attention looks somewhere and the logits are a few units apart."""
    weights = {}
    for name, value in model.state_dict().items():
        normal = random.normal(0, 1, tuple(value.shape)).astype(np.float32)
        if name.endswith(".bias"):
            weights[name] = 0.3 * normal
        elif value.ndim == 1:
            weights[name] = 1 + 0.2 * normal
        elif name.startswith(("model.embed_tokens", "lm_head")):
            weights[name] = normal * np.float32(2.5 / math.sqrt(value.shape[1]))
        else:
            weights[name] = normal * np.float32(1.3 / math.sqrt(value.shape[1]))
    return weights


def llama3_factors(config):
    """Divisors of the frequencies, as in Llama 3.1's own code: long waves by the factor, short ones not, smooth between."""
    p = config.rope_parameters
    size = config.head_dim
    waves = 2 * math.pi * p["rope_theta"] ** (np.arange(0, size, 2) / size)
    turns = p["original_max_position_embeddings"] / waves
    smooth = (turns - p["low_freq_factor"]) / (p["high_freq_factor"] - p["low_freq_factor"])
    smooth = np.clip(smooth, 0, 1)
    return (1 / ((1 - smooth) / p["factor"] + smooth)).astype(np.float32)


def write_keys(writer, config, case):
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    if getattr(config, "head_dim", None):
        writer.add_key_length(config.head_dim)
        writer.add_value_length(config.head_dim)
        if ARCHITECTURES[case.config] == "llama":
            writer.add_rope_dimension_count(config.head_dim)
    if hasattr(config, "rms_norm_eps"):
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    else:
        writer.add_layer_norm_eps(config.norm_epsilon)
    rope = config.rope_parameters
    writer.add_rope_freq_base(rope["rope_theta"])
    if rope["rope_type"] in ("linear", "yarn"):
        writer.add_rope_scaling_type(gguf.RopeScalingType(rope["rope_type"]))
        writer.add_rope_scaling_factor(rope["factor"])
    if rope["rope_type"] == "yarn":
        writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
    if "sliding_window" in case.options and config.sliding_window:
        writer.add_sliding_window(config.sliding_window)
    writer.add_vocab_size(config.vocab_size)


def write_vocabulary(writer):
    characters = [chr(c) for c in range(33, 33 + VOCABULARY - 2)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    # The last one is what the only merge makes: files without any are refused.
    writer.add_token_list(["<|endoftext|>"] + characters + ["AB"])
    writer.add_token_types([gguf.TokenType.CONTROL] + [gguf.TokenType.NORMAL] * (len(characters) + 1))
    writer.add_token_merges(["A B"])
    writer.add_eos_token_id(0)
    writer.add_bos_token_id(0)
    writer.add_add_bos_token(False)


def write_gguf(path, case, config, weights):
    architecture = ARCHITECTURES[case.config]
    writer = gguf.GGUFWriter(path, architecture)
    write_keys(writer, config, case)
    write_vocabulary(writer)
    writer.add_file_type(0)
    for name, value in weights.items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        name = gguf_name(name)
        writer.add_tensor(name, np.ascontiguousarray(turned(name, value, config, architecture, halves_to_pairs)))
    if config.rope_parameters["rope_type"] == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_factors(config))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


QUANTISE = """
import sys
import llama_cpp
source, target, file_type = sys.argv[1].encode(), sys.argv[2].encode(), int(sys.argv[3])
options = llama_cpp.llama_model_quantize_default_params()
options.ftype, options.pure, options.nthread = file_type, True, 1
llama_cpp.llama_backend_init()
sys.exit(llama_cpp.llama_model_quantize(source, target, options))
"""


def quantise(python, source, target, kind):
    if kind == "F32":
        target.write_bytes(source.read_bytes())
        return
    command = [python, "-c", QUANTISE, str(source), str(target), str(FILE_TYPES[kind])]
    subprocess.run(command, check=True, capture_output=True)


def expected_logits(path, case, config, ids):
    import torch

    model = make_model(config)
    stored = {t.name: gguf.quants.dequantize(t.data, t.tensor_type).astype(np.float32)
              for t in gguf.GGUFReader(path).tensors}
    state = {}
    for name, value in model.state_dict().items():
        source = gguf_name(name)
        if source not in stored:
            assert name == "lm_head.weight" and config.tie_word_embeddings
            source = "token_embd.weight"
        rows = turned(source, stored[source].reshape(tuple(value.shape)), config, ARCHITECTURES[case.config],
                      pairs_to_halves)
        state[name] = torch.tensor(np.ascontiguousarray(rows))
    model.load_state_dict(state)
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0].numpy().astype("<f4")


def make(python):
    DATA.mkdir(exist_ok=True)
    cases = {}
    for number, (name, case) in enumerate(CASES.items()):
        random = np.random.default_rng(20260101 + number)
        config = make_config(case)
        ids = [int(i) for i in random.integers(1, VOCABULARY, TOKENS)]
        path = DATA / f"{name}.gguf"
        with tempfile.TemporaryDirectory() as folder:
            plain = pathlib.Path(folder) / "plain.gguf"
            write_gguf(plain, case, config, random_weights(make_model(config), random))
            quantise(python, plain, path, case.kind)
        logits = expected_logits(path, case, config, ids)
        logits.tofile(DATA / f"{name}.f32")
        kl = compare(logits, llama_logits(python, path, ids, VOCABULARY))["mean_kl"] if case.llama else None
        cases[name] = {"ids": ids, "llama_mean_kl": kl}
        kinds = sorted({t.tensor_type.name for t in gguf.GGUFReader(path).tensors})
        print(f"{name:20} {path.stat().st_size:8} bytes, logits within {np.abs(logits).max():.1f}, {' '.join(kinds)}")
    text = {"made_by": "tests/reference/tiny_models.py make", "vocabulary": VOCABULARY, "cases": cases}
    (DATA / "cases.json").write_text(json.dumps(text) + "\n")


def table(engine):
    cases = json.loads((DATA / "cases.json").read_text())["cases"]
    failures = []
    print(f"{'model':20} {'reference/spread':>16} {'cpu mean KL':>12} {'step':>12} {'llama.cpp':>12}")
    for name, case in cases.items():
        path = DATA / f"{name}.gguf"
        expected = np.fromfile(DATA / f"{name}.f32", dtype="<f4").reshape(len(case["ids"]), -1)
        plain = our_logits(engine, path, case["ids"], "--device", "reference")
        spread = float(np.abs(expected - plain).max() / (expected.max() - expected.min()))
        cpu = compare(expected, our_logits(engine, path, case["ids"], "--device", "cpu"))["mean_kl"]
        step = compare(expected, our_logits(engine, path, case["ids"], "--device", "cpu", "--step"))["mean_kl"]
        llama = case["llama_mean_kl"]
        print(f"{name:20} {spread:16.2e} {cpu:12.2e} {step:12.2e} {llama if llama is None else format(llama, '.2e')!s:>12}")
        # Asked this way round, so that what is no number fails.
        bound = math.inf if name in ("type-Q4_0", "type-Q4_K") else 1e-3  # these meet activations of 8 bits
        if not (spread <= 1e-4 and max(cpu, step) <= min(bound, math.inf if llama is None else 1.1 * llama)):
            failures.append(name)
    print("failed: " + ", ".join(failures) if failures else "all within bounds")
    return 1 if failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("make", "table"))
    parser.add_argument("--llama-python")
    parser.add_argument("--engine")
    arguments = parser.parse_args()
    if arguments.what == "make":
        return make(arguments.llama_python)
    return table(arguments.engine)


if __name__ == "__main__":
    sys.exit(main())
