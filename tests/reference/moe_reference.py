"""DeepSeekMoE with dense attention in PyTorch, from the papers and the models' configurations.

Dai et al. 2024 (DeepSeekMoE, eq. 3-5 and 9-11): shared experts, and routed ones chosen by the softmax over all.
DeepSeek-V2 report, 2.1.2: groups of experts, ranked by their best. DeepSeek-V3 report, 2.1.2: sigmoids, a bias that only
chooses, groups ranked by the sum of their two best, weights divided by their sum.

transformers has no such model: its DeepseekOcr2TextModel comes nearest, and logits() agrees with it where it can
(tiny_moe.py checks that it does), but it knows neither norm_topk_prob nor sigmoids nor the bias.
"""
import torch

from deepseek_reference import margin


def rms_norm(x, weight, epsilon):
    return weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + epsilon)


def rotate(x, theta):
    """x [tokens, heads, size]: dimension i turns with i + size / 2."""
    tokens, _, size = x.shape
    angle = torch.outer(torch.arange(tokens).float(), theta ** (-torch.arange(0, size, 2).float() / size))
    cos, sin = angle.cos()[:, None, :], angle.sin()[:, None, :]
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


def attention(x, w, prefix, config):
    heads, kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
    tokens = x.shape[0]
    q = rotate((x @ w[prefix + "q_proj.weight"].T).view(tokens, heads, -1), config["rope_theta"])
    k = rotate((x @ w[prefix + "k_proj.weight"].T).view(tokens, kv_heads, -1), config["rope_theta"])
    v = (x @ w[prefix + "v_proj.weight"].T).view(tokens, kv_heads, -1)
    k, v = (each.repeat_interleave(heads // kv_heads, dim=1) for each in (k, v))
    scores = torch.einsum("qhd,khd->hqk", q, k) * q.shape[-1] ** -0.5
    scores += torch.full((tokens, tokens), -torch.inf).triu(1)
    mixed = torch.einsum("hqk,khd->qhd", scores.softmax(-1), v)
    return mixed.reshape(tokens, -1) @ w[prefix + "o_proj.weight"].T


def mlp(x, gate, up, down):
    return (torch.nn.functional.silu(x @ gate.T) * (x @ up.T)) @ down.T


def keep_best_groups(choice, config, margins):
    groups = choice.view(choice.shape[0], config["n_group"], -1)
    if config["scoring_func"] == "sigmoid":
        rank = groups.topk(2, dim=-1).values.sum(-1)
    else:
        rank = groups.max(-1).values
    margins.append(margin(rank, config["topk_group"], config["scoring_func"] == "sigmoid"))
    kept = torch.zeros_like(rank).scatter_(1, rank.topk(config["topk_group"], dim=-1).indices, 1.0)
    return groups.masked_fill(kept[..., None] == 0, -torch.inf).view_as(choice)


def route(x, w, prefix, config, margins):
    logits = x @ w[prefix + "gate.weight"].T
    score = logits.sigmoid() if config["scoring_func"] == "sigmoid" else logits.softmax(-1)
    choice = score + w.get(prefix + "gate.e_score_correction_bias", torch.zeros(()))
    if config.get("n_group", 1) > 1:
        choice = keep_best_groups(choice, config, margins)
    margins.append(margin(choice, config["num_experts_per_tok"], config["scoring_func"] == "sigmoid"))
    chosen = choice.topk(config["num_experts_per_tok"], dim=-1).indices
    weights = score.gather(1, chosen)
    if config["norm_topk_prob"]:
        weights = weights / (weights.sum(-1, keepdim=True) + 1e-20)
    return chosen, weights * config["routed_scaling_factor"]


def experts(x, w, prefix, config, margins):
    chosen, weights = route(x, w, prefix, config, margins)
    out = torch.zeros_like(x)
    for token in range(x.shape[0]):
        for expert, weight in zip(chosen[token], weights[token]):
            gate, up = w[prefix + "experts.gate_up_proj"][expert].chunk(2, dim=0)
            out[token] += weight * mlp(x[token], gate, up, w[prefix + "experts.down_proj"][expert])
    shared = prefix + "shared_experts."
    if shared + "gate_proj.weight" in w:
        out += mlp(x, *(w[f"{shared}{part}_proj.weight"] for part in ("gate", "up", "down")))
    return out


def logits(w, config, ids, margins):
    """w: tensors by their Hugging Face names, the experts' stacked; [tokens, vocabulary] in float32. The margins of every
    choice of experts are added to the list `margins`."""
    epsilon = config["rms_norm_eps"]
    x = w["model.embed_tokens.weight"][torch.tensor(ids)]
    for layer in range(config["num_hidden_layers"]):
        prefix = f"model.layers.{layer}."
        normed = rms_norm(x, w[prefix + "input_layernorm.weight"], epsilon)
        x = x + attention(normed, w, prefix + "self_attn.", config)
        normed = rms_norm(x, w[prefix + "post_attention_layernorm.weight"], epsilon)
        if layer < config["first_k_dense_replace"]:
            x = x + mlp(normed, *(w[f"{prefix}mlp.{part}_proj.weight"] for part in ("gate", "up", "down")))
        else:
            x = x + experts(normed, w, prefix + "mlp.", config, margins)
    return rms_norm(x, w["model.norm.weight"], epsilon) @ w["lm_head.weight"].T
