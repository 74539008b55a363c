#!/usr/bin/env python3
"""Makes and measures the tiny random DeepSeek models of tests/data/deepseek: every routing, layout and way of saying it.

    deepseek_models.py make [--llama-python PYTHON]     # the files, the expected logits and llama.cpp's figures
    deepseek_models.py table --engine build/bin/hadal-engine
    deepseek_models.py peer --engine build/bin/hadal-engine --llama-python PYTHON

A model is a transformers configuration with random weights, written as GGUF and quantised with the gguf package. The
expected logits, NAME.f32, little-endian [tokens, vocabulary], are those of transformers in float32 with the weights
dequantised from that same file; where transformers leaves something out (norm_topk_prob of V2, multi-token prediction),
those of deepseek_reference.py in float64. That one is compared with transformers wherever both can. NAME.draft.f32
[tokens - 1, vocabulary] are the draft logits. cases.json holds for each model the tokens and the mean KL divergence, in
nats, of llama.cpp's distribution from the expected one; null where llama.cpp reads the file otherwise or not at all (it
knows V2-Lite, which has no q_lora, by its 27 layers: `peer` compares a model that deep).

Made with transformers 5.23.0 (whose V2 multiplies scores with m^2: huggingface/transformers issue 47435), torch 2.15.0,
gguf 0.19.0, numpy 2.4.6 and llama-cpp-python 0.3.36.
"""
import argparse
import dataclasses
import json
import math
import pathlib
import sys
import tempfile

import gguf
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import deepseek_reference  # noqa: E402
from compare_logits import compare, llama_logits, our_logits  # noqa: E402
from tiny_models import VOCABULARY, write_vocabulary  # noqa: E402

DATA = pathlib.Path(__file__).resolve().parent.parent / "data" / "deepseek"
TOKENS = 80
YARN = {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 40.0, "original_max_position_embeddings": 64,
        "beta_fast": 32.0, "beta_slow": 1.0, "mscale": 0.707, "mscale_all_dim": 0.707}
PLAIN = {"rope_type": "default", "rope_theta": 10000.0}
SMALL = {
    "vocab_size": VOCABULARY, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 4, "intermediate_size": 96, "moe_intermediate_size": 32, "n_routed_experts": 8,
    "n_shared_experts": 2, "num_experts_per_tok": 3, "first_k_dense_replace": 1, "q_lora_rank": None,
    "kv_lora_rank": 64, "qk_nope_head_dim": 32, "qk_rope_head_dim": 16, "v_head_dim": 32, "norm_topk_prob": False,
    "routed_scaling_factor": 1.0, "n_group": 1, "topk_group": 1, "max_position_embeddings": 2560,
    "tie_word_embeddings": False, "rms_norm_eps": 1e-6, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": None,
    "rope_parameters": YARN,
}
V2 = {"topk_method": "greedy"}
V2_GROUPS = {"topk_method": "group_limited_greedy", "n_group": 4, "topk_group": 2, "routed_scaling_factor": 4.0}
V3 = {"q_lora_rank": 32, "n_shared_experts": 1, "norm_topk_prob": True, "routed_scaling_factor": 2.5, "n_group": 4,
      "topk_group": 2, "rope_parameters": YARN | {"mscale": 1.0, "mscale_all_dim": 1.0}}


@dataclasses.dataclass
class Case:
    """What differs from SMALL, and how the file says it."""
    config: str
    options: dict
    kv_b: str = "together"  # attn_kv_b; "apart": attn_k_b and attn_v_b; "both"
    mla_keys: bool = False
    experts: str = "stacked"  # one tensor per matrix; "fused": gate and up in one; "split": one per expert and matrix
    kind: str = "Q8_0"
    draft: bool = False
    llama: bool = True


# llama.cpp ranks V2's groups as V3's, by two experts, and reads no file that has both kv_b layouts.
CASES = {
    "v2-lite": Case("DeepseekV2Config", V2, llama=False),
    "v2-lite-odd": Case("DeepseekV2Config", V2 | {"num_attention_heads": 3, "num_key_value_heads": 3, "kv_lora_rank": 40,
                        "qk_nope_head_dim": 18, "qk_rope_head_dim": 6, "v_head_dim": 22, "hidden_size": 42,
                        "moe_intermediate_size": 22, "intermediate_size": 50}, kind="F16", llama=False),
    "v2-lite-apart": Case("DeepseekV2Config", V2 | {"rope_parameters": PLAIN}, "apart", True, kind="Q4_1", llama=False),
    "v2": Case("DeepseekV2Config", V2 | {"q_lora_rank": 32}),
    "v2-normed": Case("DeepseekV2Config", V2 | {"norm_topk_prob": True, "num_experts_per_tok": 2}, experts="split",
                      llama=False),
    "v2-groups": Case("DeepseekV2Config", V2 | V2_GROUPS | {"q_lora_rank": 32}, "apart", True, llama=False),
    "v3": Case("DeepseekV3Config", V3, "apart", True),
    "v3-old": Case("DeepseekV3Config", V3 | {"rope_parameters": PLAIN}, experts="fused", llama=False),
    "v3-draft": Case("DeepseekV3Config", V3, "both", True, draft=True, llama=False),
}

ATTENTION = {"q_proj": "attn_q", "q_a_proj": "attn_q_a", "q_a_layernorm": "attn_q_a_norm", "q_b_proj": "attn_q_b",
             "kv_a_proj_with_mqa": "attn_kv_a_mqa", "kv_a_layernorm": "attn_kv_a_norm", "o_proj": "attn_output"}
LAYER = {"input_layernorm.weight": "attn_norm.weight", "post_attention_layernorm.weight": "ffn_norm.weight",
         "mlp.gate.weight": "ffn_gate_inp.weight", "mlp.gate.e_score_correction_bias": "exp_probs_b.bias",
         "enorm.weight": "nextn.enorm.weight", "hnorm.weight": "nextn.hnorm.weight",
         "eh_proj.weight": "nextn.eh_proj.weight", "embed_tokens.weight": "nextn.embed_tokens.weight",
         "shared_head.norm.weight": "nextn.shared_head_norm.weight",
         "shared_head.head.weight": "nextn.shared_head_head.weight"}
LAYER |= {f"self_attn.{hf}.weight": f"{name}.weight" for hf, name in ATTENTION.items()}
LAYER |= {f"mlp.{part}_proj.weight": f"ffn_{part}.weight" for part in ("gate", "up", "down")}
LAYER |= {f"mlp.shared_experts.{part}_proj.weight": f"ffn_{part}_shexp.weight" for part in ("gate", "up", "down")}
OTHER = {"embed_tokens.weight": "token_embd.weight", "norm.weight": "output_norm.weight", "lm_head.weight": "output.weight"}


def make_config(case):
    import transformers

    return getattr(transformers, case.config)(**(SMALL | case.options))


def shapes(config, draft):
    """Names as deepseek_reference.py has them, with their shapes."""
    h, heads = config.hidden_size, config.num_attention_heads
    key, rank = config.qk_nope_head_dim + config.qk_rope_head_dim, config.kv_lora_rank
    found = {"embed_tokens.weight": (config.vocab_size, h), "norm.weight": (h,), "lm_head.weight": (config.vocab_size, h)}
    for i in range(config.num_hidden_layers + draft):
        p, a = f"layers.{i}.", f"layers.{i}.self_attn."
        found |= {p + "input_layernorm.weight": (h,), p + "post_attention_layernorm.weight": (h,)}
        if config.q_lora_rank is None:
            found[a + "q_proj.weight"] = (heads * key, h)
        else:
            q = config.q_lora_rank
            found |= {a + "q_a_proj.weight": (q, h), a + "q_a_layernorm.weight": (q,), a + "q_b_proj.weight": (heads * key, q)}
        found |= {a + "kv_a_proj_with_mqa.weight": (rank + config.qk_rope_head_dim, h), a + "kv_a_layernorm.weight": (rank,),
                  a + "kv_b_proj.weight": (heads * (config.qk_nope_head_dim + config.v_head_dim), rank),
                  a + "o_proj.weight": (h, heads * config.v_head_dim)}
        found |= feed_forward_shapes(config, p + "mlp.", i < config.first_k_dense_replace)
        if i >= config.num_hidden_layers:
            found |= {p + "enorm.weight": (h,), p + "hnorm.weight": (h,), p + "eh_proj.weight": (h, 2 * h),
                      p + "embed_tokens.weight": (config.vocab_size, h), p + "shared_head.norm.weight": (h,),
                      p + "shared_head.head.weight": (config.vocab_size, h)}
    return found


def feed_forward_shapes(config, p, dense):
    h, inner, experts = config.hidden_size, config.moe_intermediate_size, config.n_routed_experts
    swiglu = lambda prefix, inner: {f"{prefix}gate_proj.weight": (inner, h), f"{prefix}up_proj.weight": (inner, h),
                                    f"{prefix}down_proj.weight": (h, inner)}
    if dense:
        return swiglu(p, config.intermediate_size)
    found = {p + "gate.weight": (experts, h), p + "experts.gate_proj": (experts, inner, h),
             p + "experts.up_proj": (experts, inner, h), p + "experts.down_proj": (experts, h, inner)}
    if type(config).__name__ == "DeepseekV3Config":
        found[p + "gate.e_score_correction_bias"] = (experts,)
    return found | swiglu(p + "shared_experts.", inner * config.n_shared_experts)


def random_weights(config, draft, random):
    """Sizes as in a trained model, so that attention looks somewhere and the logits are a few units apart."""
    weights = {}
    for name, shape in shapes(config, draft).items():
        normal = random.normal(0, 1, shape).astype(np.float32)
        if name.endswith("bias"):
            weights[name] = 0.2 * normal
        elif len(shape) == 1:
            weights[name] = 1 + 0.2 * normal
        else:
            size = 2.5 if shape == (config.vocab_size, config.hidden_size) else 2.0 if "gate.weight" in name else 1.3
            weights[name] = normal * np.float32(size / math.sqrt(shape[-1]))
    return weights


def split_kv_b(rows, config):
    """[heads (nope + value), rank] as attn_k_b [heads, rank, nope] and attn_v_b [heads, value, rank]."""
    heads = rows.reshape(config.num_attention_heads, -1, rows.shape[-1])
    nope = config.qk_nope_head_dim
    return np.ascontiguousarray(heads[:, :nope].swapaxes(1, 2)), np.ascontiguousarray(heads[:, nope:])


def join_kv_b(k, v):
    return np.concatenate([k.swapaxes(1, 2), v], 1).reshape(-1, v.shape[-1])


def expert_tensors(p, part, value, case, weights, layer):
    if case.experts == "split":
        return {f"{p}ffn_{part}.{e}.weight": value[e] for e in range(len(value))}
    if case.experts == "fused" and part != "down":
        if part == "up":
            return {}
        up = weights[f"layers.{layer}.mlp.experts.up_proj"]
        return {f"{p}ffn_gate_up_exps.weight": np.concatenate([value, up], 1)}
    return {f"{p}ffn_{part}_exps.weight": value}


def to_gguf(weights, config, case):
    tensors = {}
    for name, value in weights.items():
        if name in OTHER:
            tensors[OTHER[name]] = value
            continue
        _, layer, rest = name.split(".", 2)
        p = f"blk.{layer}."
        if rest == "self_attn.kv_b_proj.weight":
            k, v = split_kv_b(value, config)
            if case.kv_b != "apart":
                tensors[p + "attn_kv_b.weight"] = value
            if case.kv_b != "together":
                tensors |= {p + "attn_k_b.weight": k, p + "attn_v_b.weight": v}
        elif rest.startswith("mlp.experts."):
            tensors |= expert_tensors(p, rest.split(".")[2].removesuffix("_proj"), value, case, weights, layer)
        else:
            tensors[p + LAYER[rest]] = value
    return tensors


def from_gguf(tensors, config, case):
    """The weights that the file really holds, by their names of before."""
    weights = {}
    for name, shape in shapes(config, case.draft).items():
        if name in OTHER:
            weights[name] = tensors[OTHER[name]]
            continue
        _, layer, rest = name.split(".", 2)
        p = f"blk.{layer}."
        if rest == "self_attn.kv_b_proj.weight":
            together = tensors.get(p + "attn_kv_b.weight")
            weights[name] = (together if together is not None
                             else join_kv_b(tensors[p + "attn_k_b.weight"], tensors[p + "attn_v_b.weight"]))
        elif rest.startswith("mlp.experts."):
            part = rest.split(".")[2].removesuffix("_proj")
            if case.experts == "split":
                weights[name] = np.stack([tensors[f"{p}ffn_{part}.{e}.weight"] for e in range(shape[0])])
            elif case.experts == "fused" and part != "down":
                both = tensors[p + "ffn_gate_up_exps.weight"]
                weights[name] = both[:, : shape[1]] if part == "gate" else both[:, shape[1] :]
            else:
                weights[name] = tensors[f"{p}ffn_{part}_exps.weight"]
        else:
            weights[name] = tensors[p + LAYER[rest]]
        assert weights[name].shape == shape, name
    return weights


def write_keys(writer, config, case):
    writer.add_block_count(config.num_hidden_layers + case.draft)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(1 if case.mla_keys else config.num_attention_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    key, value = config.qk_nope_head_dim + config.qk_rope_head_dim, config.v_head_dim
    if case.mla_keys:
        writer.add_key_length(config.kv_lora_rank + config.qk_rope_head_dim)
        writer.add_value_length(config.kv_lora_rank)
        writer.add_key_length_mla(key)
        writer.add_value_length_mla(value)
    else:
        writer.add_key_length(key)
        writer.add_value_length(value)
    writer.add_kv_lora_rank(config.kv_lora_rank)
    if config.q_lora_rank is not None:
        writer.add_q_lora_rank(config.q_lora_rank)
    writer.add_rope_dimension_count(config.qk_rope_head_dim)
    rope = config.rope_parameters
    writer.add_rope_freq_base(rope["rope_theta"])
    if rope["rope_type"] == "yarn":
        writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
        writer.add_rope_scaling_factor(rope["factor"])
        writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
        writer.add_rope_scaling_yarn_log_mul(0.1 * rope["mscale_all_dim"])
    write_expert_keys(writer, config)
    if case.draft:
        writer.add_nextn_predict_layers(1)


def write_expert_keys(writer, config):
    writer.add_leading_dense_block_count(config.first_k_dense_replace)
    writer.add_expert_count(config.n_routed_experts)
    writer.add_expert_used_count(config.num_experts_per_tok)
    writer.add_expert_shared_count(config.n_shared_experts)
    writer.add_expert_feed_forward_length(config.moe_intermediate_size)
    writer.add_expert_weights_scale(config.routed_scaling_factor)
    writer.add_expert_weights_norm(config.norm_topk_prob)
    if config.n_group > 1:
        writer.add_expert_group_count(config.n_group)
        writer.add_expert_group_used_count(config.topk_group)
    if type(config).__name__ == "DeepseekV3Config":
        writer.add_expert_gating_func(gguf.ExpertGatingFuncType.SIGMOID)


def write_gguf(path, case, config, tensors):
    writer = gguf.GGUFWriter(path, "deepseek2")
    write_keys(writer, config, case)
    write_vocabulary(writer)
    writer.add_file_type(0)
    for name, value in tensors.items():
        # Converters keep norms, biases and the router as they are.
        if value.ndim == 1 or "ffn_gate_inp" in name:
            writer.add_tensor(name, np.ascontiguousarray(value))
            continue
        kind = gguf.GGMLQuantizationType[case.kind]
        writer.add_tensor(name, gguf.quants.quantize(np.ascontiguousarray(value), kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read_tensors(path):
    return {t.name: gguf.quants.dequantize(t.data, t.tensor_type).astype(np.float32) for t in gguf.GGUFReader(path).tensors}


def transformers_logits(config, weights, ids):
    import torch
    import transformers

    model = transformers.AutoModelForCausalLM.from_config(
        config, attn_implementation="eager", experts_implementation="eager", dtype=torch.float32).eval()
    state = {}
    for name, value in model.state_dict().items():
        own = name.removeprefix("model.")
        if own.endswith("experts.gate_up_proj"):
            stem = own.removesuffix("gate_up_proj")
            found = np.concatenate([weights[stem + "gate_proj"], weights[stem + "up_proj"]], 1)
        else:
            found = weights[own]
        assert found.shape == tuple(value.shape), name
        state[name] = torch.tensor(np.ascontiguousarray(found))
    model.load_state_dict(state)
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0].numpy().astype("<f4")


def expected_logits(case, config, weights, ids):
    """Of transformers where it has the model, else of the reference; and how far the two are apart. Nothing where two
    experts are so near each other that a cache in 16 bits may choose the other one: that says nothing of an engine."""
    margins = []
    plain, draft = (rows if rows is None else rows.numpy().astype("<f4")
                    for rows in deepseek_reference.forward(ids, weights, config, margins))
    if min(margins) < deepseek_reference.LEAST_MARGIN:
        return None
    known = not (case.config == "DeepseekV2Config" and config.norm_topk_prob)
    theirs = transformers_logits(config, weights, ids)
    apart = float(np.abs(plain - theirs).max() / (plain.max() - plain.min()))
    assert not known or apart < 1e-6 * (8 + 4 * config.num_hidden_layers), f"the two references are {apart:.1e} of the spread apart"
    return (theirs if known else plain), draft, apart


def write_case(path, case, seed):
    """The file, its tokens and what they should give: see expected_logits."""
    config = make_config(case)
    for attempt in range(1000):
        random = np.random.default_rng((seed, attempt))
        ids = [int(i) for i in random.integers(1, VOCABULARY, TOKENS)]
        write_gguf(path, case, config, to_gguf(random_weights(config, case.draft, random), config, case))
        expected = expected_logits(case, config, from_gguf(read_tensors(path), config, case), ids)
        if expected:
            return ids, expected
    raise RuntimeError("no seed without ties")


def make(python):
    DATA.mkdir(exist_ok=True)
    cases = {}
    for number, (name, case) in enumerate(CASES.items()):
        path = DATA / f"{name}.gguf"
        ids, (logits, draft, apart) = write_case(path, case, 20261122 + number)
        logits.tofile(DATA / f"{name}.f32")
        if draft is not None:
            draft.tofile(DATA / f"{name}.draft.f32")
        kl = None
        if python and case.llama:
            kl = compare(logits, llama_logits(python, path, ids, VOCABULARY))["mean_kl"]
        cases[name] = {"ids": ids, "llama_mean_kl": kl, "draft": draft is not None}
        print(f"{name:14} {path.stat().st_size:8} bytes, logits within {np.abs(logits).max():.1f}, "
              f"references {apart:.1e} of the spread apart, llama.cpp's mean KL {kl}")
    text = {"made_by": "tests/reference/deepseek_models.py make", "vocabulary": VOCABULARY, "cases": cases}
    (DATA / "cases.json").write_text(json.dumps(text) + "\n")


def peer(engine, python):
    """V2-Lite's 27 layers, in the keys and layouts that llama.cpp reads."""
    print(f"{'model':28} {'cpu mean KL':>12} {'llama.cpp':>12}")
    # 26 layers of random experts have near ties; all of them used leaves nothing to choose. Plain floats, because llama.cpp
    # rounds activations to 8 bits for quantised weights, which 27 random layers blow up.
    for title, kv_b, mla_keys in (("27 layers, old keys, kv_b", "together", False), ("27 layers, new keys, k_b", "apart", True)):
        case = Case("DeepseekV2Config", V2 | {"num_hidden_layers": 27, "num_experts_per_tok": 8}, kv_b, mla_keys,
                    kind="F32")
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "deep.gguf"
            ids, (logits, _, _) = write_case(path, case, 27)
            ours = compare(logits, our_logits(engine, path, ids, "--device", "cpu"))["mean_kl"]
            theirs = compare(logits, llama_logits(python, path, ids, VOCABULARY))["mean_kl"]
            print(f"{title:28} {ours:12.2e} {theirs:12.2e}")


def draft_logits(engine, path, ids, *options):
    return our_logits(engine, path, ids, "--draft", *options)


def table(engine):
    cases = json.loads((DATA / "cases.json").read_text())["cases"]
    failures = []
    print(f"{'model':14} {'reference/spread':>16} {'cpu mean KL':>12} {'step':>12} {'llama.cpp':>12}")
    for name, case in cases.items():
        rows = [(name, ".f32", our_logits)] + ([(name + " draft", ".draft.f32", draft_logits)] if case["draft"] else [])
        for title, ending, ours in rows:
            expected = np.fromfile(DATA / f"{name}{ending}", dtype="<f4").reshape(-1, VOCABULARY)
            path = DATA / f"{name}.gguf"
            plain = ours(engine, path, case["ids"], "--device", "reference")
            spread = float(np.abs(expected - plain).max() / (expected.max() - expected.min()))
            cpu = compare(expected, ours(engine, path, case["ids"], "--device", "cpu"))["mean_kl"]
            step = compare(expected, ours(engine, path, case["ids"], "--device", "cpu", "--step"))["mean_kl"]
            llama = case["llama_mean_kl"] if ending == ".f32" else None
            print(f"{title:14} {spread:16.2e} {cpu:12.2e} {step:12.2e} {llama if llama is None else format(llama, '.2e')!s:>12}")
            if spread > 1e-4 or max(cpu, step) > 1e-3:
                failures.append(title)
    print("failed: " + ", ".join(failures) if failures else "all within bounds")
    return 1 if failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("make", "table", "peer"))
    parser.add_argument("--llama-python")
    parser.add_argument("--engine")
    arguments = parser.parse_args()
    if arguments.what == "make":
        return make(arguments.llama_python)
    if arguments.what == "peer":
        return peer(arguments.engine, arguments.llama_python)
    return table(arguments.engine)


if __name__ == "__main__":
    sys.exit(main())
