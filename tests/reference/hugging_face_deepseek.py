#!/usr/bin/env python3
"""Adds to tests/data/hugging_face what transformers has no class for: DeepSeek models in folders as they are published.

    hugging_face_deepseek.py make

- deepseek-v1: DeepSeek-MoE, names and config.json as deepseek-ai/deepseek-moe-16b-chat has them.
- deepseek-vl2-tiny: a language model without latent attention (language_config.use_mla false) under the prefix language.,
  beside tensors of pictures.
- deepseek-ocr: the same as deepseek-ai/DeepSeek-OCR publishes it: config.json says everything twice, once without
  model_type; names without the prefix. Its attention is LlamaAttention, which turns the halves of a head
  (ATTENTION_CLASSES["mha_eager"] in its modeling_deepseekv2.py).
- deepseek-v3-draft: V3 with its multi-token-prediction layer, which transformers skips.

models/NAME.f32 are the logits as in hugging_face.py, NAME.draft.f32 those of the draft layer [tokens - 1, vocabulary].
Expected values: moe_reference.py, held against transformers' DeepSeek-OCR-2 text model, and deepseek_reference.py, held
against transformers' V3. cases_deepseek.json holds the tokens. Made with transformers 5.23.0 and torch 2.15.0.
"""
import argparse
import json
import pathlib
import shutil
import sys
import types

import numpy as np
import torch
import transformers
from safetensors.torch import save_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import deepseek_models  # noqa: E402
import deepseek_reference  # noqa: E402
import moe_reference  # noqa: E402
import tiny_moe  # noqa: E402
from hugging_face import DATA, TOKENS, VOCABULARY  # noqa: E402

V1 = {
    "vocab_size": VOCABULARY, "hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "num_key_value_heads": 2,
    "intermediate_size": 40, "moe_intermediate_size": 12, "n_routed_experts": 8, "n_shared_experts": 2,
    "num_experts_per_tok": 3, "moe_layer_freq": 1, "first_k_dense_replace": 1, "norm_topk_prob": False,
    "scoring_func": "softmax", "aux_loss_alpha": 0.001, "seq_aux": True, "hidden_act": "silu",
    "max_position_embeddings": 256, "rms_norm_eps": 1e-6, "rope_scaling": None, "rope_theta": 10000.0,
    "attention_bias": False, "pretraining_tp": 1, "tie_word_embeddings": False, "bos_token_id": 0, "eos_token_id": 2,
}
# As the language_config of VL2-Tiny and of DeepSeek-OCR: what DeepseekV2Config takes for granted is left out.
WITHOUT_LATENTS = {
    "vocab_size": VOCABULARY, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 2,
    "intermediate_size": 40, "moe_intermediate_size": 12, "n_routed_experts": 8, "n_shared_experts": 2,
    "num_experts_per_tok": 3, "first_k_dense_replace": 1, "n_group": 1, "topk_group": 1, "topk_method": "greedy",
    "kv_lora_rank": None, "q_lora_rank": None, "qk_nope_head_dim": 0, "qk_rope_head_dim": 0, "v_head_dim": 0,
    "use_mla": False, "lm_head": True, "rm_head": False, "max_position_embeddings": 256, "torch_dtype": "bfloat16",
    "bos_token_id": 0, "eos_token_id": 2,
}
V3 = {
    "vocab_size": VOCABULARY, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 2,
    "intermediate_size": 40, "moe_intermediate_size": 12, "n_routed_experts": 8, "n_shared_experts": 1,
    "num_experts_per_tok": 2, "first_k_dense_replace": 1, "q_lora_rank": 16, "kv_lora_rank": 16, "qk_nope_head_dim": 8,
    "qk_rope_head_dim": 8, "v_head_dim": 8, "norm_topk_prob": True, "routed_scaling_factor": 2.5, "n_group": 4,
    "topk_group": 2, "max_position_embeddings": 256, "rms_norm_eps": 1e-6, "tie_word_embeddings": False,
    "bos_token_id": 0, "eos_token_id": 2, "pad_token_id": None,
    "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
}


def split_experts(name, value):
    """One tensor of all experts as the files' one for each."""
    stem, part = name.rsplit(".", 1)
    parts = ("gate_proj", "up_proj") if part == "gate_up_proj" else (part,)
    for expert, rows in enumerate(value):
        for own, matrix in zip(parts, rows.chunk(len(parts))):
            yield f"{stem}.{expert}.{own}.weight", matrix


def write_folder(name, config, weights, prefix="", pictures=None):
    folder = DATA / "models" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    stored = dict(pictures or {})
    for own, value in weights.items():
        for at, part in split_experts(own, value) if ".experts." in own else [(own, value)]:
            stored[prefix + at] = part.to(torch.bfloat16).contiguous()
    save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    (folder / "generation_config.json").write_text(json.dumps({"bos_token_id": 0, "eos_token_id": [2, 7]}) + "\n")
    return sum(f.stat().st_size for f in folder.iterdir())


def as_stored(value):
    return torch.tensor(np.ascontiguousarray(value)).to(torch.bfloat16).to(torch.float32)


def dense_weights(config, random):
    case = types.SimpleNamespace(architecture="deepseek", config=lambda: config)
    return {name: as_stored(value) for name, value in tiny_moe.random_weights(case, random).items()}


def dense_logits(config, weights, ids):
    """Of moe_reference.py, which must be what transformers' text model of DeepSeek-OCR-2 gives."""
    full = {"scoring_func": "softmax", "norm_topk_prob": False, "routed_scaling_factor": 1.0, "rope_theta": 10000.0,
            "rms_norm_eps": 1e-6} | {key: value for key, value in config.items() if key not in ("n_group", "topk_group")}
    with torch.no_grad():
        ours = moe_reference.logits(weights, full, ids, []).numpy()
        theirs = tiny_moe.ocr_logits(types.SimpleNamespace(config=lambda: full), weights, ids).numpy()
    apart = np.abs(ours - theirs).max() / (theirs.max() - theirs.min())
    assert apart < 1e-5, apart
    return ours, apart


def pictures(prefix, random):
    """A few tensors of the other half, also such as no language model has the shape of."""
    shapes = {"image_newline": (16,), "view_seperator": (16,), "projector.layers.weight": (16, 8),
              "projector.layers.bias": (16,)}
    if prefix:
        shapes |= {"sam_model.patch_embed.proj.weight": (6, 3, 2, 2), "sam_model.pos_embed": (1, 2, 2, 6),
                   "vision_model.embeddings.class_embedding": (8,),
                   "vision_model.transformer.layers.0.self_attn.qkv_proj.weight": (24, 8)}
    else:
        shapes |= {"vision.patch_embed.proj.weight": (6, 3, 2, 2), "vision.blocks.0.attn.qkv.weight": (18, 6)}
    return {prefix + name: torch.tensor(random.normal(0, 1, shape), dtype=torch.bfloat16) for name, shape in shapes.items()}


def make_v1(random, ids):
    weights = dense_weights(V1, random)
    config = {"architectures": ["DeepseekForCausalLM"], "model_type": "deepseek", "torch_dtype": "bfloat16"} | V1
    logits, apart = dense_logits(V1, weights, ids)
    return {"logits": logits, "apart": apart, "bytes": write_folder("deepseek-v1", config, weights)}


def make_vl2(random, ids):
    weights = dense_weights(WITHOUT_LATENTS, random)
    own = {"architectures": ["DeepseekV2ForCausalLM"], "model_type": "deepseek_v2"} | WITHOUT_LATENTS
    config = {"architectures": ["DeepseekVLV2ForCausalLM"], "candidate_resolutions": [[384, 384]], "global_view_pos": "head",
              "language_config": own, "model_type": "deepseek_vl_v2", "projector_config": {"n_embed": 16},
              "tile_tag": "2D", "torch_dtype": "bfloat16", "vision_config": {"layers": 27, "model_type": "vision"}}
    logits, apart = dense_logits(WITHOUT_LATENTS, weights, ids)
    size = write_folder("deepseek-vl2-tiny", config, weights, "language.", pictures("", random))
    return {"logits": logits, "apart": apart, "bytes": size}


def make_ocr(random, ids):
    weights = dense_weights(WITHOUT_LATENTS, random)
    config = {"architectures": ["DeepseekOCRForCausalLM"], "candidate_resolutions": [[1024, 1024]],
              "language_config": {"architectures": ["DeepseekV2ForCausalLM"]} | WITHOUT_LATENTS,
              "model_type": "deepseek_vl_v2", "projector_config": {"n_embed": 16}, "tile_tag": "2D",
              "vision_config": {"image_size": 1024, "model_type": "vision"}} | WITHOUT_LATENTS
    logits, apart = dense_logits(WITHOUT_LATENTS, weights, ids)
    size = write_folder("deepseek-ocr", config, weights, "", pictures("model.", random))
    return {"logits": logits, "apart": apart, "bytes": size}


def make_v3_draft(random, ids):
    config = transformers.DeepseekV3Config(**V3)
    weights = {name: as_stored(value).numpy() for name, value in
               deepseek_models.random_weights(config, True, random).items()}
    margins = []
    logits, draft = (rows.numpy() for rows in deepseek_reference.forward(ids, weights, config, margins))
    if min(margins) < deepseek_models.LEAST_MARGIN:
        return None
    theirs = deepseek_models.transformers_logits(config, weights, ids)
    apart = np.abs(logits - theirs).max() / (theirs.max() - theirs.min())
    assert apart < 1e-5, apart
    written = json.loads(config.to_json_string(use_diff=False)) | {
        "architectures": ["DeepseekV3ForCausalLM"], "num_nextn_predict_layers": 1, "model_type": "deepseek_v3"}
    keys = set(V3) | {"architectures", "num_nextn_predict_layers", "model_type", "rope_interleave"}
    named = {name if name == "lm_head.weight" else "model." + name: torch.tensor(value) for name, value in weights.items()}
    size = write_folder("deepseek-v3-draft", {key: written[key] for key in written if key in keys}, named)
    return {"logits": logits, "apart": apart, "bytes": size, "draft": draft}


MAKERS = {"deepseek-v1": make_v1, "deepseek-vl2-tiny": make_vl2, "deepseek-ocr": make_ocr, "deepseek-v3-draft": make_v3_draft}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("make",))
    parser.parse_args()
    cases = {}
    for number, (name, make) in enumerate(MAKERS.items()):
        made, attempt = None, 0
        while made is None:
            random = np.random.default_rng((20260501 + number, attempt))
            ids = [int(i) for i in random.integers(8, VOCABULARY, TOKENS)]
            made, attempt = make(random, ids), attempt + 1
        made["logits"].astype("<f4").tofile(DATA / "models" / f"{name}.f32")
        if "draft" in made:
            made["draft"].astype("<f4").tofile(DATA / "models" / f"{name}.draft.f32")
        cases[name] = {"ids": ids, "draft": "draft" in made}
        print(f"{name:18} {made['bytes']:8} bytes, logits within {np.abs(made['logits']).max():.1f}, "
              f"references {made['apart']:.1e} of the spread apart")
    out = {"made_by": "tests/reference/hugging_face_deepseek.py make", "models": cases}
    (DATA / "cases_deepseek.json").write_text(json.dumps(out) + "\n")


if __name__ == "__main__":
    main()
