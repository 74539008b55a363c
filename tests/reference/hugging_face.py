#!/usr/bin/env python3
"""Makes tests/data/hugging_face: folders as transformers saves models, and what the libraries make of them.

    hugging_face.py make

models/NAME is a tiny random model saved with save_pretrained; NAME.f32 beside it holds its logits in float32 for the
tokens in cases.json, little-endian [tokens, vocabulary]. Its tokenizer is tokenizers/byte, which a test puts beside it.
The 8-bit model's weights are quantised here, in blocks of 128 x 128 with one scale each as DeepSeek-V3's are, and the
logits are those of the weights that come out. tokenizers/NAME.json are tokenizers trained on a few lines, with the ids
that the tokenizers library gives for every text; templates are rendered by transformers.

Needs torch, transformers, tokenizers and safetensors.
"""
import argparse
import copy
import json
import math
import pathlib
import shutil
import tempfile

import numpy as np
import tokenizers
import torch
import transformers
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

DATA = pathlib.Path(__file__).resolve().parent.parent / "data" / "hugging_face"
VOCABULARY = 328
TOKENS = 10

GPT4 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
        r"|\s+(?!\S)|\s+")
DEEPSEEK_V3 = [r"\p{N}{1,3}", r"[一-龥぀-ゟ゠-ヿ]+",
               r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|""" "[^\r\n" r"\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
               r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"]
DEEPSEEK_CODER = ["[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", "[一-龥ࠀ-一가-퟿]+"]

CORPUS = [
    "The deep sea is dark, cold and quiet; the hadal zone is the deepest part of it.", "It's what we've got, isn't it?",
    "int main(int argc, char** argv) {\n  return argc > 1 ? 0 : 1;\n}\n", "深渊是海洋最深的部分。海洋很深。", "1234567890 3.14159 2026",
    "for i in range(10):\n\tprint(i, i ** 2)\n", "Ça va très bien, merci beaucoup! Größe, naïve, façade", "  two  spaces   three",
] * 4
TEXTS = [
    "Hello, world!", "The hadal zone's 6,000 to 11,000 metres deep.", "IT'S what WE'VE got; don't you'll", "  leading and trailing  ",
    "tabs\tand\nnew\r\nlines\n\n\n  x", "深渊是海洋最深的部分。 mixed 中文 and English 123中4567", "for i in range(100):\n    if i%15==0: print('FizzBuzz')\n",
    "cafe\u0301 na\u0131\u0308ve \u1100\u1161\u11a8 \u212b", "🙂 emoji 👩‍👩‍👧 and ½ ² Ⅷ ٣٤", "<|im_start|>user\nHi<|im_end|>\n<think> x </think>",
    "a<|im_end|>b <|im_end|> c", "x <mask>  y\n<mask>\tz<mask>", "\u00a0nbsp\u3000wide\u2003em", "....,,,;;;--!!??", "0 00 000 0000 00000 1a2b3c",
    "ſtart 'ſ K Å", "\u2581marked\u2581 text \u2581", " ", "\n", "", "a  b   c    d", "\ufeffbom \u200bzero \x00nul",
]
THETA = {"rope_type": "default", "rope_theta": 10000.0}
LLAMA3 = {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 64}
YARN = {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 64}
SMALL = {"vocab_size": VOCABULARY, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
         "intermediate_size": 40, "max_position_embeddings": 256, "tie_word_embeddings": True, "bos_token_id": 0,
         "eos_token_id": 2, "pad_token_id": None, "rope_parameters": THETA}
EXPERTS = {"num_experts_per_tok": 2, "moe_intermediate_size": 16}
LATENT = {"num_key_value_heads": 2, "kv_lora_rank": 16, "qk_nope_head_dim": 8, "qk_rope_head_dim": 8, "v_head_dim": 8,
          "n_routed_experts": 8, "first_k_dense_replace": 1}

# Class of the configuration, what differs from SMALL, the type on disk, and options of save_pretrained.
MODELS = {
    "llama": ("LlamaConfig", {}, "bfloat16", {}),
    "llama-sharded": ("LlamaConfig", {"tie_word_embeddings": False, "rope_parameters": LLAMA3}, "bfloat16",
                      {"max_shard_size": "20KB"}),
    "llama-biases": ("LlamaConfig", {"attention_bias": True, "mlp_bias": True, "head_dim": 6}, "float16", {}),
    "llama-8bit": ("LlamaConfig", {"hidden_size": 136, "intermediate_size": 132, "num_hidden_layers": 1,
                                   "num_attention_heads": 4}, "float8", {}),
    "mistral-window": ("MistralConfig", {"sliding_window": 8}, "float16", {}),
    "qwen2-yarn": ("Qwen2Config", {"rope_parameters": YARN}, "bfloat16", {}),
    "qwen3": ("Qwen3Config", {"head_dim": 12}, "float32", {}),
    "starcoder2": ("Starcoder2Config", {"sliding_window": None}, "bfloat16", {}),
    "qwen2-moe": ("Qwen2MoeConfig", EXPERTS | {"num_experts": 6, "shared_expert_intermediate_size": 32}, "bfloat16", {}),
    "qwen3-moe": ("Qwen3MoeConfig", EXPERTS | {"num_local_experts": 6, "head_dim": 8, "norm_topk_prob": True}, "bfloat16", {}),
    "deepseek-v2": ("DeepseekV2Config", EXPERTS | LATENT | {"q_lora_rank": None, "n_shared_experts": 2, "topk_method": "greedy"},
                    "bfloat16", {}),
    "deepseek-v3": ("DeepseekV3Config", EXPERTS | LATENT | {"q_lora_rank": 24, "n_shared_experts": 1, "n_group": 4,
                                                            "topk_group": 2}, "bfloat16", {}),
    "qwen3-moe-8bit": ("Qwen3MoeConfig", EXPERTS | {"num_local_experts": 4, "head_dim": 8, "norm_topk_prob": True}, "float8", {}),
    "deepseek-v3-8bit": ("DeepseekV3Config", EXPERTS | LATENT | {
        "n_routed_experts": 4, "q_lora_rank": 24, "n_shared_experts": 1, "n_group": 2, "topk_group": 1, "qk_nope_head_dim": 80,
        "v_head_dim": 56}, "float8", {}),
}

PLAIN = "{% for m in messages %}{{ '<' + m['role'] + '>' + m['content'] + eos_token }}{% endfor %}" \
        "{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}"
IN_FILE = "{{- bos_token }}\n{%- for message in messages %}\n    {%- if message.role == 'user' %}\n[{{ message.content | trim }}]\n" \
          "    {% else %}\n({{ message.content }})\n    {%- endif %}\n{%- endfor %}\n{% if add_generation_prompt %}->{% endif %}\n"
TEMPLATES = {
    "text": {"tokenizer_config": PLAIN},
    "list": {"tokenizer_config": [{"name": "tool_use", "template": "tools"}, {"name": "default", "template": PLAIN}]},
    "file": {"tokenizer_config": PLAIN, "file": IN_FILE},
}
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": " What is the hadal zone? \n"},
            {"role": "assistant", "content": "深渊"}, {"role": "user", "content": "Thanks <|im_end|>"}]


def random_state(model, random):
    """As tiny_models.py: sizes as in a trained model, so that attention looks somewhere."""
    state = {}
    for name, value in model.state_dict().items():
        normal = random.normal(0, 1, tuple(value.shape)).astype(np.float32)
        if name.endswith(("bias", "correction_bias")):
            normal *= 0.3
        elif value.ndim == 1:
            normal = 1 + 0.2 * normal
        else:
            normal *= np.float32((2.5 if "embed" in name or "lm_head" in name else 1.3) / math.sqrt(value.shape[-1]))
        state[name] = torch.tensor(normal)
    return state


def in_blocks(weight):
    """Scales [ceil(rows / 128), ceil(columns / 128)] by which the weights' blocks are divided, as float32, and e4m3."""
    rows, columns = weight.shape
    scales = torch.zeros(-(-rows // 128), -(-columns // 128))
    codes = torch.zeros(rows, columns, dtype=torch.float8_e4m3fn)
    for i in range(scales.shape[0]):
        for k in range(scales.shape[1]):
            part = (slice(128 * i, 128 * i + 128), slice(128 * k, 128 * k + 128))
            # Any scale is a valid one; these are some way apart, so that a wrong one shows.
            scales[i, k] = weight[part].abs().max() / 448 * (1 + i + 2 * k)
            codes[part] = (weight[part] / scales[i, k]).to(torch.float8_e4m3fn)
    return codes, scales


def expanded(codes, scales):
    weight = codes.to(torch.float32)
    rows, columns = weight.shape
    return weight * scales.repeat_interleave(128, 0)[:rows].repeat_interleave(128, 1)[:, :columns]


def save_8bit(model, state, folder):
    stored = {}
    for name, value in state.items():
        if "_proj" not in name:
            stored[name] = value.to(torch.bfloat16)
            state[name] = stored[name].to(torch.float32)
            continue
        if value.ndim == 2:
            codes, scales = in_blocks(value)
            stored[name], stored[name + "_scale_inv"] = codes, scales
            state[name] = expanded(codes, scales)
            continue
        # transformers keeps the experts in one tensor; files have one for each.
        state[name] = value.clone()
        for expert, matrix in enumerate(value):
            both = "gate_up_proj" in name
            for part, rows in zip(("gate_proj", "up_proj") if both else ("down_proj",), matrix.chunk(2) if both else (matrix,)):
                codes, scales = in_blocks(rows)
                at = f"{name.rsplit('.', 1)[0]}.{expert}.{part}.weight"
                stored[at], stored[at + "_scale_inv"] = codes, scales
                first = len(rows) if part == "up_proj" else 0
                state[name][expert, first:first + len(rows)] = expanded(codes, scales)
    stored.pop("lm_head.weight", None)
    state["lm_head.weight"] = state["model.embed_tokens.weight"]
    model.config.save_pretrained(folder)
    save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    path = folder / "config.json"
    config = json.loads(path.read_text()) | {"quantization_config": {
        "activation_scheme": "dynamic", "fmt": "e4m3", "quant_method": "fp8", "weight_block_size": [128, 128]}}
    path.write_text(json.dumps(config, indent=2) + "\n")


def make_model(name, number):
    config_class, options, kind, saving = MODELS[name]
    config = getattr(transformers, config_class)(**(SMALL | options))
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager", dtype=torch.float32).eval()
    random = np.random.default_rng(20260401 + number)
    state = random_state(model, random)
    if config.tie_word_embeddings:
        state["lm_head.weight"] = state["model.embed_tokens.weight"]
    folder = DATA / "models" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if kind == "float8":
        save_8bit(model, state, folder)
    else:
        dtype = getattr(torch, kind)
        state = {key: value.to(dtype).to(torch.float32) for key, value in state.items()}
        model.load_state_dict(state)
        # Of a copy: the frequencies of the rotary positions, which no file holds, must stay in float32.
        copy.deepcopy(model).to(dtype).save_pretrained(folder, **saving)
    model.load_state_dict(state)
    # A second ending token besides the first, as Llama 3 and Qwen have.
    (folder / "generation_config.json").write_text(json.dumps({"bos_token_id": 0, "eos_token_id": [2, 7]}) + "\n")
    ids = [int(i) for i in random.integers(8, VOCABULARY, TOKENS)]
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0].numpy().astype("<f4")
    logits.tofile(DATA / "models" / f"{name}.f32")
    size = sum(f.stat().st_size for f in folder.iterdir())
    print(f"{name:16} {size:8} bytes in {len(list(folder.iterdir()))} files, logits within {np.abs(logits).max():.1f}")
    return {"ids": ids}


def split(pattern, behaviour="isolated", invert=False):
    return pre_tokenizers.Split(Regex(pattern), behaviour, invert=invert)


def trained(pre, normalizer=None, added=(), vocabulary=440, bpe=None, alphabet=True, unknown=None, special=()):
    tokenizer = Tokenizer(bpe or models.BPE())
    tokenizer.normalizer = normalizer
    if pre is not None:
        tokenizer.pre_tokenizer = pre
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(added), show_progress=False, special_tokens=list(special),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet() if alphabet else [])
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.add_tokens(list(added))
    return tokenizer


def bytes_after(*steps, words=False):
    return pre_tokenizers.Sequence([*steps, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=words)])


def pieces(normalizer, pre):
    """As SentencePiece: characters, and bytes for those that are no token."""
    special = [AddedToken("<unk>", special=True), AddedToken("<s>", special=True), AddedToken("</s>", special=True)]
    special += [f"<0x{i:02X}>" for i in range(256)]
    tokenizer = trained(pre, normalizer, vocabulary=460, alphabet=False, special=special,
                        bpe=models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    # Trained as special, the bytes are ordinary tokens of the vocabulary in published files.
    made = json.loads(tokenizer.to_str())
    made["added_tokens"] = [t for t in made["added_tokens"] if not t["content"].startswith("<0x")]
    made["post_processor"] = None
    tokenizer = Tokenizer.from_str(json.dumps(made))
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", tokenizer.token_to_id("<s>"))])
    return tokenizer


def make_tokenizers():
    chat = [AddedToken("<|endoftext|>", special=True), AddedToken("<|im_start|>", special=True),
            AddedToken("<|im_end|>", special=True), AddedToken("<think>", normalized=False), AddedToken("</think>", normalized=False)]
    mask = [AddedToken("<mask>", special=True, lstrip=True, rstrip=True), AddedToken("<|im_end|>", special=True, rstrip=True)]
    gpt4 = lambda digits: bytes_after(split(GPT4 % digits))  # noqa: E731
    out = {}
    # The one the models go with: special tokens first, so that the ids 0, 2 and 7 mean something there.
    out["byte"] = trained(gpt4(""), normalizers.NFC(), special=["<|endoftext|>", "<|im_start|>", "<|im_end|>"], added=chat[3:],
                          vocabulary=VOCABULARY - 8)
    out["smollm"] = trained(bytes_after(pre_tokenizers.Digits(individual_digits=True), words=True), added=chat)
    llama3 = trained(gpt4("{1,3}"), added=chat, bpe=models.BPE(ignore_merges=True))
    llama3.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", llama3.token_to_id("<|endoftext|>"))])])
    out["llama3"] = llama3
    out["deepseek-v3"] = trained(bytes_after(*map(split, DEEPSEEK_V3)), normalizers.Sequence([]), added=chat)
    out["deepseek-coder"] = trained(bytes_after(*map(split, DEEPSEEK_CODER), pre_tokenizers.Digits(individual_digits=True)),
                                    added=chat)
    out["own-merged"] = trained(bytes_after(split(r"\s", "merged_with_previous"), split(r"[,.;]", "merged_with_next")), added=mask)
    out["own-contiguous"] = trained(bytes_after(pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.Digits(False),
                                                pre_tokenizers.Split(" ", "merged_with_next")), added=mask)
    out["own-removed"] = trained(bytes_after(split(r"\w+|[^\w\s]+", "removed", invert=True), split(r"^[a-m]", "isolated")), added=mask)
    out["no-split"] = trained(bytes_after(), added=chat)
    mark = "\u2581"
    legacy = normalizers.Sequence([normalizers.Prepend(mark), normalizers.Replace(" ", mark)])
    out["pieces-legacy"] = pieces(legacy, None)
    out["pieces-first"] = pieces(None, pre_tokenizers.Metaspace(mark, "first", False))
    out["pieces-words"] = pieces(None, pre_tokenizers.Metaspace(mark, "always", True))
    out["pieces-never"] = pieces(None, pre_tokenizers.Metaspace(mark, "never", False))
    (DATA / "tokenizers").mkdir(parents=True, exist_ok=True)
    expected = {}
    for name, tokenizer in out.items():
        path = DATA / "tokenizers" / f"{name}.json"
        path.write_text(tokenizer.to_str() + "\n")
        tokenizer = Tokenizer.from_file(str(path))
        rows = []
        for text in TEXTS:
            rows.append({"plain": tokenizer.encode(text, add_special_tokens=False).ids, "added": tokenizer.encode(text).ids})
        expected[name] = {"size": tokenizer.get_vocab_size(), "rows": rows}
        print(f"{name:16} {path.stat().st_size:8} bytes, {tokenizer.get_vocab_size()} tokens")
    return expected


def make_templates():
    cases = {}
    for name, parts in TEMPLATES.items():
        with tempfile.TemporaryDirectory() as place:
            folder = pathlib.Path(place)
            shutil.copy(DATA / "tokenizers" / "byte.json", folder / "tokenizer.json")
            config = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|endoftext|>", "eos_token": "<|im_end|>",
                      "chat_template": parts["tokenizer_config"]}
            (folder / "tokenizer_config.json").write_text(json.dumps(config))
            if "file" in parts:
                (folder / "chat_template.jinja").write_text(parts["file"])
            tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(folder)
            cases[name] = {"tokenizer_config": config, "file": parts.get("file"), "expected": tokenizer.apply_chat_template(
                MESSAGES, tokenize=False, add_generation_prompt=True)}
    return {"messages": MESSAGES, "cases": cases}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("make",))
    parser.parse_args()
    versions = {m.__name__: m.__version__ for m in (torch, transformers, tokenizers)}
    out = {"made_by": "tests/reference/hugging_face.py make", "versions": versions}
    out["texts"] = TEXTS
    out["tokenizers"] = make_tokenizers()
    out["models"] = {name: make_model(name, number) for number, name in enumerate(MODELS)}
    out["templates"] = make_templates()
    (DATA / "cases.json").write_text(json.dumps(out, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
