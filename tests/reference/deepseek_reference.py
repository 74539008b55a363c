"""DeepSeek-V2 and V3 in float64, written from the papers (arXiv:2405.04434, arXiv:2412.19437) and the configurations:
for what transformers leaves out (norm_topk_prob in V2, V3's multi-token prediction), and as a second opinion on the rest.

Weights are a dictionary of Hugging Face names without "model." and with one tensor per matrix of all experts,
"layers.N.mlp.experts.{gate,up,down}_proj" [experts, rows, columns].
"""
import math

import torch


def rms_norm(x, weight, epsilon):
    return x / torch.sqrt((x * x).mean(-1, keepdim=True) + epsilon) * weight


def frequencies(c):
    """Per pair; YaRN as in its paper, section 3.2, with the ramp's borders rounded outwards."""
    rope, size = c.rope_parameters, c.qk_rope_head_dim
    base = rope["rope_theta"]
    plain = base ** (-torch.arange(0, size, 2, dtype=torch.float64) / size)
    if rope["rope_type"] == "default":
        return plain
    pair = lambda turns: size * math.log(rope["original_max_position_embeddings"] / (turns * 2 * math.pi)) / (2 * math.log(base))
    low = max(math.floor(pair(rope.get("beta_fast", 32))), 0)
    high = min(math.ceil(pair(rope.get("beta_slow", 1))), size - 1)
    ramp = ((torch.arange(size // 2, dtype=torch.float64) - low) / max(high - low, 0.001)).clamp(0, 1)
    return plain * (1 - ramp) + plain / rope["factor"] * ramp


def softmax_scale(c):
    """1 / sqrt(key) times m^2, m = 0.1 mscale_all_dim ln(factor) + 1: DeepSeek-V2's modeling_deepseek.py."""
    scale = (c.qk_nope_head_dim + c.qk_rope_head_dim) ** -0.5
    rope = c.rope_parameters
    if rope["rope_type"] == "default" or not rope.get("mscale_all_dim"):
        return scale
    assert rope["mscale"] == rope["mscale_all_dim"], "their quotient would scale the cosines"
    return scale * (0.1 * rope["mscale_all_dim"] * math.log(rope["factor"]) + 1) ** 2


def turned(x, c):
    """Neighbours of x [..., tokens, rope] as complex numbers, turned by their position."""
    angle = torch.outer(torch.arange(x.shape[-2], dtype=torch.float64), frequencies(c))
    pairs = torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2).contiguous())
    return torch.view_as_real(pairs * torch.polar(torch.ones_like(angle), angle)).flatten(-2)


def attention(x, w, c):
    tokens, heads = x.shape[0], c.num_attention_heads
    if c.q_lora_rank is None:
        q = x @ w["q_proj.weight"].T
    else:
        q = rms_norm(x @ w["q_a_proj.weight"].T, w["q_a_layernorm.weight"], c.rms_norm_eps) @ w["q_b_proj.weight"].T
    q = q.reshape(tokens, heads, -1).transpose(0, 1)
    down = x @ w["kv_a_proj_with_mqa.weight"].T
    latent = rms_norm(down[:, : c.kv_lora_rank], w["kv_a_layernorm.weight"], c.rms_norm_eps)
    k_rope = turned(down[:, c.kv_lora_rank :], c)
    up = (latent @ w["kv_b_proj.weight"].T).reshape(tokens, heads, -1).transpose(0, 1)
    k_nope, v = up.split([c.qk_nope_head_dim, c.v_head_dim], -1)
    q_nope, q_rope = q.split([c.qk_nope_head_dim, c.qk_rope_head_dim], -1)
    scores = q_nope @ k_nope.transpose(1, 2) + turned(q_rope, c) @ k_rope.T
    future = torch.ones(tokens, tokens, dtype=torch.bool).triu(1)
    p = torch.softmax((scores * softmax_scale(c)).masked_fill(future, -math.inf), -1)
    return (p @ v).transpose(0, 1).reshape(tokens, -1) @ w["o_proj.weight"].T


def mlp(x, gate, up, down):
    return (torch.nn.functional.silu(x @ gate.T) * (x @ up.T)) @ down.T


LEAST_MARGIN = 4e-3  # of router logits, for a fixture; 11 bits of binary16 are 5e-4


def margin(ranked, used, sigmoid):
    """How near the best that is not chosen comes to the worst that is, about as a difference of router logits."""
    best = ranked.topk(min(used + 1, ranked.shape[-1]), -1)[0]
    if best.shape[-1] == used:
        return math.inf
    last, next_one = best[:, -2], best[:, -1]
    apart = 4 * (last - next_one) if sigmoid else last.log() - next_one.clamp(min=0).log()
    return float(apart.min())


def route(x, w, c, sigmoid, margins):
    """Experts of each token and their weights, both [tokens, used]."""
    logits = x @ w["gate.weight"].T
    scores = torch.sigmoid(logits) if sigmoid else torch.softmax(logits, -1)
    choice = scores + w["gate.e_score_correction_bias"] if sigmoid else scores
    groups = getattr(c, "n_group", None) or 1
    if groups > 1:
        grouped = choice.reshape(len(x), groups, -1)
        rank = grouped.topk(2, -1)[0].sum(-1) if sigmoid else grouped.max(-1)[0]
        margins.append(margin(rank, c.topk_group, sigmoid))
        kept = torch.zeros_like(rank).scatter_(1, rank.topk(c.topk_group, -1)[1], 1.0)
        choice = grouped.masked_fill(kept[..., None] == 0, -math.inf).reshape(len(x), -1)
    chosen = choice.topk(c.num_experts_per_tok, -1)[1]
    margins.append(margin(choice, c.num_experts_per_tok, sigmoid))
    weights = scores.gather(1, chosen)
    if c.norm_topk_prob:
        weights = weights / (weights.sum(-1, keepdim=True) + 1e-20)
    return chosen, weights * c.routed_scaling_factor


def experts(x, w, c, sigmoid, margins):
    chosen, weights = route(x, w, c, sigmoid, margins)
    matrices = [w[f"experts.{part}_proj"] for part in ("gate", "up", "down")]
    rows = [sum(weight * mlp(x[t], *(m[e] for m in matrices)) for e, weight in zip(chosen[t], weights[t]))
            for t in range(len(x))]
    return torch.stack(rows) + mlp(x, *(w[f"shared_experts.{part}_proj.weight"] for part in ("gate", "up", "down")))


def part_of(weights, prefix):
    return {name[len(prefix) :]: value for name, value in weights.items() if name.startswith(prefix)}


def layer(x, weights, c, index, margins):
    w = part_of(weights, f"layers.{index}.")
    x = x + attention(rms_norm(x, w["input_layernorm.weight"], c.rms_norm_eps), part_of(w, "self_attn."), c)
    normed = rms_norm(x, w["post_attention_layernorm.weight"], c.rms_norm_eps)
    inner = part_of(w, "mlp.")
    if "gate.weight" not in inner:
        return x + mlp(normed, *(inner[f"{part}_proj.weight"] for part in ("gate", "up", "down")))
    return x + experts(normed, inner, c, "gate.e_score_correction_bias" in inner, margins)


def forward(ids, weights, c, margins):
    """The margins of every choice of experts are added to the list `margins`. Returns logits [tokens, vocabulary], and those of the multi-token prediction layer [tokens - 1, vocabulary], if there is
    one: row i guesses token i + 2 from the main model's state at i, before its last norm, and token i + 1."""
    weights = {name: torch.as_tensor(value, dtype=torch.float64) for name, value in weights.items()}
    ids = torch.tensor(ids)
    x = weights["embed_tokens.weight"][ids]
    for index in range(c.num_hidden_layers):
        x = layer(x, weights, c, index, margins)
    head = weights.get("lm_head.weight", weights["embed_tokens.weight"])
    logits = rms_norm(x, weights["norm.weight"], c.rms_norm_eps) @ head.T
    w = part_of(weights, f"layers.{c.num_hidden_layers}.")
    if not w:
        return logits, None
    embedded = w.get("embed_tokens.weight", weights["embed_tokens.weight"])[ids[1:]]
    joined = torch.cat([rms_norm(embedded, w["enorm.weight"], c.rms_norm_eps),
                        rms_norm(x[:-1], w["hnorm.weight"], c.rms_norm_eps)], -1)
    x = layer(joined @ w["eh_proj.weight"].T, weights, c, c.num_hidden_layers, margins)
    draft = rms_norm(x, w["shared_head.norm.weight"], c.rms_norm_eps) @ w.get("shared_head.head.weight", head).T
    return logits, draft
