#!/usr/bin/env python3
"""Makes the tiny random mixtures of experts of tests/data/tiny_moe: every architecture, routing and layout of tensors.

    tiny_moe.py --llama-python PYTHON

As tiny_models.py makes the dense ones: random weights, written as GGUF and quantised by the gguf package; the expected
logits, NAME.f32, little-endian [tokens, vocabulary] in float32, are computed with the weights dequantised from that same
file. qwen2moe, qwen3moe and deepseek2-ocr: by transformers (checked with 5.23.0). deepseek: by moe_reference.py, which is
held against transformers' DeepSeek-OCR-2 text model wherever that knows the option.

cases.json holds for each model the tokens and the mean KL divergence, in nats, of llama.cpp's distribution from the
expected one; null where llama.cpp leaves out what the case is about, or cannot read the layout. For deepseek2-ocr it
settles which dimensions turn together, since llama.cpp says it in two ways: halves are 4.2e-3 away from it, neighbours 2.6.

Needs torch, transformers and gguf; --llama-python names an interpreter that has llama_cpp.
"""
import argparse
import dataclasses
import json
import math
import pathlib
import sys

import gguf
import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import moe_reference  # noqa: E402
from deepseek_reference import LEAST_MARGIN  # noqa: E402
import tiny_models as tiny  # noqa: E402
from compare_logits import compare, llama_logits  # noqa: E402

DATA = pathlib.Path(__file__).resolve().parent.parent / "data" / "tiny_moe"
EXPERTS = 8
SMALL = {
    "vocab_size": tiny.VOCABULARY, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "intermediate_size": 64, "moe_intermediate_size": 32, "num_experts_per_tok": 3,
    "max_position_embeddings": 4096, "rms_norm_eps": 1e-6, "rope_theta": 10000.0,
}
ODD = SMALL | {"hidden_size": 24, "intermediate_size": 30, "moe_intermediate_size": 14}
QWEN = {"num_experts": EXPERTS, "tie_word_embeddings": False, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": None}
DEEPSEEK = {
    "num_key_value_heads": 4, "n_routed_experts": EXPERTS, "n_shared_experts": 2,
    "first_k_dense_replace": 1, "scoring_func": "softmax", "norm_topk_prob": False, "routed_scaling_factor": 1.0,
}
GROUPED = {"n_group": 4, "topk_group": 2}


@dataclasses.dataclass
class Case:
    architecture: str
    options: dict
    kind: str = "Q8_0"
    layout: str = "stacked"  # or fused: gate and up in one tensor; or apart: a tensor for each expert
    base: dict = dataclasses.field(default_factory=lambda: SMALL)
    llama: bool = False

    def config(self):
        return self.base | (QWEN if self.architecture.startswith("qwen") else DEEPSEEK) | self.options


V3 = GROUPED | {"scoring_func": "sigmoid", "norm_topk_prob": True, "routed_scaling_factor": 2.5}
CASES = {
    "qwen2moe": Case("qwen2moe", {"shared_expert_intermediate_size": 96, "norm_topk_prob": False}, llama=True),
    "qwen2moe-norm": Case("qwen2moe", {"shared_expert_intermediate_size": 46, "norm_topk_prob": True}, "F32", "apart", ODD),
    "qwen3moe": Case("qwen3moe", {"head_dim": 24, "norm_topk_prob": True}, llama=True),
    "qwen3moe-raw": Case("qwen3moe", {"head_dim": 24, "norm_topk_prob": False}, "Q5_1", "fused"),
    "deepseek": Case("deepseek", {"num_hidden_layers": 3}, llama=True),
    "deepseek-norm": Case("deepseek", {"norm_topk_prob": True, "routed_scaling_factor": 2.5}, "Q5_1", "fused"),
    "deepseek-apart": Case("deepseek", {"n_shared_experts": 0}, "BF16", "apart", ODD),
    "deepseek-groups": Case("deepseek", GROUPED | {"routed_scaling_factor": 4.0}, "Q4_1"),
    "deepseek-sigmoid": Case("deepseek", {"scoring_func": "sigmoid", "norm_topk_prob": True}, "Q5_0", "fused"),
    "deepseek-v3-routing": Case("deepseek", V3, "Q4_1"),
    "deepseek2-ocr": Case("deepseek2-ocr", {}, "Q5_0", llama=True),
}


def shapes(case):
    """Hugging Face names, the experts' stacked, and shapes [rows, columns] of a case's tensors."""
    c = case.config()
    width, heads, kv_heads, vocabulary = (
        c[key] for key in ("hidden_size", "num_attention_heads", "num_key_value_heads", "vocab_size"))
    size, inner = c.get("head_dim", width // heads), c["moe_intermediate_size"]
    out = {"model.embed_tokens.weight": (vocabulary, width), "model.norm.weight": (width,),
           "lm_head.weight": (vocabulary, width)}
    for layer in range(c["num_hidden_layers"]):
        own = {"input_layernorm.weight": (width,), "post_attention_layernorm.weight": (width,),
               "self_attn.q_proj.weight": (heads * size, width), "self_attn.k_proj.weight": (kv_heads * size, width),
               "self_attn.v_proj.weight": (kv_heads * size, width), "self_attn.o_proj.weight": (width, heads * size)}
        if case.architecture == "qwen2moe":
            own |= {f"self_attn.{p}_proj.bias": (n * size,) for p, n in (("q", heads), ("k", kv_heads), ("v", kv_heads))}
        if case.architecture == "qwen3moe":
            own |= {"self_attn.q_norm.weight": (size,), "self_attn.k_norm.weight": (size,)}
        if layer < c.get("first_k_dense_replace", 0):
            own |= mlp_shapes("mlp.", width, c["intermediate_size"])
        else:
            own |= {"mlp.gate.weight": (EXPERTS, width), "mlp.experts.gate_up_proj": (EXPERTS, 2 * inner, width),
                    "mlp.experts.down_proj": (EXPERTS, width, inner)}
            if case.architecture == "qwen2moe":
                own |= mlp_shapes("mlp.shared_expert.", width, c["shared_expert_intermediate_size"])
                own["mlp.shared_expert_gate.weight"] = (1, width)
            if c.get("n_shared_experts"):
                own |= mlp_shapes("mlp.shared_experts.", width, c["n_shared_experts"] * inner)
            if c.get("scoring_func") == "sigmoid":
                own["mlp.gate.e_score_correction_bias"] = (EXPERTS,)
        out |= {f"model.layers.{layer}.{name}": shape for name, shape in own.items()}
    return out


def mlp_shapes(prefix, width, inner):
    return {f"{prefix}gate_proj.weight": (inner, width), f"{prefix}up_proj.weight": (inner, width),
            f"{prefix}down_proj.weight": (width, inner)}


def random_weights(case, random):
    """Sizes as in a trained model, and routers sure enough that the experts' weights are far apart."""
    weights = {}
    for name, shape in shapes(case).items():
        normal = random.normal(0, 1, shape).astype(np.float32)
        if name.endswith("bias"):
            weights[name] = 0.3 * normal
        elif len(shape) == 1:
            weights[name] = 1 + 0.2 * normal
        else:
            gain = 2.5 if name.startswith(("model.embed", "lm_head")) else 1.3
            weights[name] = normal * np.float32(gain / math.sqrt(shape[-1]))
    return weights


LAYER_NAMES = tiny.LAYER_NAMES | {
    "mlp.gate": "ffn_gate_inp", "mlp.shared_expert_gate": "ffn_gate_inp_shexp",
} | {f"mlp.{shared}.{part}_proj": f"ffn_{part}_shexp"
     for shared in ("shared_expert", "shared_experts") for part in ("gate", "up", "down")}


def turned(case, name, rows, turn):
    """q and k of deepseek are stored as pairs, as those of llama are."""
    c = case.config()
    if case.architecture == "deepseek" and name.endswith(("q_proj.weight", "k_proj.weight")):
        return turn(rows, c["num_attention_heads" if ".q_proj" in name else "num_key_value_heads"])
    return rows


def stored(case, name, value):
    """GGUF's names and arrays of one tensor."""
    if name in ("model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"):
        return {tiny.gguf_name(name): value}
    _, _, layer, part = name.split(".", 3)
    prefix = f"blk.{layer}."
    if part == "mlp.gate.e_score_correction_bias":
        return {prefix + "exp_probs_b.bias": value}
    if part == "mlp.experts.down_proj":
        matrices = {"down": value}
    elif part == "mlp.experts.gate_up_proj" and case.layout == "fused":
        return {prefix + "ffn_gate_up_exps.weight": value}
    elif part == "mlp.experts.gate_up_proj":
        matrices = dict(zip(("gate", "up"), np.split(value, 2, axis=1)))
    else:
        stem, kind = part.rsplit(".", 1)
        value = value[0] if stem == "mlp.shared_expert_gate" else value
        return {f"{prefix}{LAYER_NAMES[stem]}.{kind}": turned(case, name, value, tiny.halves_to_pairs)}
    if case.layout == "apart":
        return {f"{prefix}ffn_{m}.{e}.weight": rows[e] for m, rows in matrices.items() for e in range(EXPERTS)}
    return {f"{prefix}ffn_{m}_exps.weight": rows for m, rows in matrices.items()}


def loaded(case, tensors):
    """stored() the other way: tensors by their Hugging Face names, from a file's."""
    out = {}
    for name, shape in shapes(case).items():
        parts = [tensors[n] for n in stored(case, name, np.zeros(shape, np.float32))]
        if len(parts) == 2 * EXPERTS:
            value = np.concatenate([np.stack(parts[:EXPERTS]), np.stack(parts[EXPERTS:])], axis=1)
        elif len(parts) == EXPERTS:
            value = np.stack(parts)
        else:
            value = np.concatenate(parts, axis=1) if len(parts) == 2 else parts[0]
        value = turned(case, name, value.reshape(shape), tiny.pairs_to_halves)
        out[name] = torch.tensor(np.ascontiguousarray(value))
    return out


def write_keys(writer, case):
    c = case.config()
    writer.add_block_count(c["num_hidden_layers"])
    writer.add_context_length(c["max_position_embeddings"])
    writer.add_embedding_length(c["hidden_size"])
    writer.add_feed_forward_length(c["intermediate_size"])
    writer.add_head_count(c["num_attention_heads"])
    writer.add_head_count_kv(c["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(c["rms_norm_eps"])
    writer.add_rope_freq_base(c["rope_theta"])
    writer.add_vocab_size(c["vocab_size"])
    writer.add_expert_count(EXPERTS)
    writer.add_expert_used_count(c["num_experts_per_tok"])
    writer.add_expert_feed_forward_length(c["moe_intermediate_size"])
    if "head_dim" in c:
        writer.add_key_length(c["head_dim"])
        writer.add_value_length(c["head_dim"])
    if case.architecture.startswith("qwen"):
        write_qwen_keys(writer, case, c)
    else:
        write_deepseek_keys(writer, case, c)


def write_qwen_keys(writer, case, c):
    if "shared_expert_intermediate_size" in c:
        writer.add_expert_shared_feed_forward_length(c["shared_expert_intermediate_size"])
    # The key is there only where a file departs from what its architecture does by itself.
    if c["norm_topk_prob"] != (case.architecture == "qwen3moe"):
        writer.add_expert_weights_norm(c["norm_topk_prob"])


def write_deepseek_keys(writer, case, c):
    # As the converter writes for DeepSeek-OCR, whose configuration says that it has no latent attention.
    writer.add_rope_dimension_count(0 if case.architecture == "deepseek2-ocr" else c["hidden_size"] // c["num_attention_heads"])
    writer.add_leading_dense_block_count(c["first_k_dense_replace"])
    writer.add_expert_shared_count(c["n_shared_experts"])
    writer.add_expert_weights_scale(c["routed_scaling_factor"])
    if c["norm_topk_prob"]:
        writer.add_expert_weights_norm(True)
    if c["scoring_func"] == "sigmoid":
        writer.add_expert_gating_func(gguf.ExpertGatingFuncType.SIGMOID)
    if "n_group" in c:
        writer.add_expert_group_count(c["n_group"])
        writer.add_expert_group_used_count(c["topk_group"])


def write_gguf(path, case, weights):
    writer = gguf.GGUFWriter(path, case.architecture)
    write_keys(writer, case)
    tiny.write_vocabulary(writer)
    kind = gguf.GGMLQuantizationType[case.kind]
    for name, value in weights.items():
        for own, array in stored(case, name, value).items():
            array = np.ascontiguousarray(array)
            # llama.cpp keeps the router as it is.
            if kind == gguf.GGMLQuantizationType.F32 or array.ndim == 1 or "_inp" in own:
                writer.add_tensor(own, array)
            else:
                writer.add_tensor(own, gguf.quants.quantize(array, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def qwen_logits(case, weights, ids):
    import transformers

    c = dict(case.config())
    c["rope_parameters"] = {"rope_type": "default", "rope_theta": c.pop("rope_theta")}
    kind = {"qwen2moe": transformers.Qwen2MoeConfig, "qwen3moe": transformers.Qwen3MoeConfig}[case.architecture]
    config = kind(**c, experts_implementation="eager")
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager", dtype=torch.float32)
    model.load_state_dict(weights)
    return model.eval()(torch.tensor([ids])).logits[0]


def ocr_logits(case, weights, ids):
    """DeepSeek-OCR's text model: softmax, the best of all or of the best groups, no norm."""
    from transformers.models.deepseek_ocr2 import modeling_deepseek_ocr2 as ocr

    c = case.config()
    keys = set(SMALL) | {"n_routed_experts", "n_shared_experts", "routed_scaling_factor", "n_group", "topk_group"}
    options = {key: c[key] for key in keys & set(c) if key != "rope_theta"}
    options |= {"rope_parameters": {"rope_type": "default", "rope_theta": c["rope_theta"]}, "pad_token_id": None,
                "head_dim": c["hidden_size"] // c["num_attention_heads"],
                "topk_method": "group_limited_greedy" if "n_group" in c else "greedy",
                "mlp_layer_types": ["dense" if i < c["first_k_dense_replace"] else "sparse"
                                    for i in range(c["num_hidden_layers"])]}
    config = ocr.DeepseekOcr2TextConfig(**options)
    config._attn_implementation = config._experts_implementation = "eager"
    model = ocr.DeepseekOcr2TextModel(config).eval()
    model.load_state_dict({n.removeprefix("model."): v for n, v in weights.items() if n != "lm_head.weight"})
    return model(torch.tensor([ids])).last_hidden_state[0] @ weights["lm_head.weight"].T


def expected_logits(path, case, ids):
    """Nothing where two of DeepSeek's experts are too near each other: see deepseek_models.py."""
    tensors = {t.name: gguf.quants.dequantize(t.data, t.tensor_type).astype(np.float32)
               for t in gguf.GGUFReader(path).tensors}
    weights, c = loaded(case, tensors), case.config()
    with torch.no_grad():
        if case.architecture.startswith("qwen"):
            return qwen_logits(case, weights, ids).numpy()
        margins = []
        ours = moe_reference.logits(weights, c, ids, margins).numpy()
        if min(margins) < LEAST_MARGIN:
            return None
        if c["scoring_func"] == "sigmoid" or c["norm_topk_prob"] or not c["n_shared_experts"]:
            return ours
        theirs = ocr_logits(case, weights, ids).numpy()
    difference = np.abs(ours - theirs).max() / (theirs.max() - theirs.min())
    assert difference < 1e-5, difference
    print(f"  our reference is within {difference:.1e} of transformers'")
    return theirs


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--llama-python", required=True)
    python = parser.parse_args().llama_python
    DATA.mkdir(exist_ok=True)
    cases = {}
    for number, (name, case) in enumerate(CASES.items()):
        path = DATA / f"{name}.gguf"
        logits = None
        for attempt in range(1000):
            random = np.random.default_rng((20260301 + number, attempt) if attempt else 20260301 + number)
            ids = [int(i) for i in random.integers(1, tiny.VOCABULARY, tiny.TOKENS)]
            write_gguf(path, case, random_weights(case, random))
            logits = expected_logits(path, case, ids)
            if logits is not None:
                break
        logits = logits.astype("<f4")
        logits.tofile(DATA / f"{name}.f32")
        kl = compare(logits, llama_logits(python, path, ids, tiny.VOCABULARY))["mean_kl"] if case.llama else None
        cases[name] = {"ids": ids, "llama_mean_kl": kl}
        print(f"{name:20} {path.stat().st_size:8} bytes, logits within {np.abs(logits).max():.1f}, llama.cpp {kl}")
    text = {"made_by": "tests/reference/tiny_moe.py", "vocabulary": tiny.VOCABULARY, "cases": cases}
    (DATA / "cases.json").write_text(json.dumps(text) + "\n")


if __name__ == "__main__":
    sys.exit(main())
