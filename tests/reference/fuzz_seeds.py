#!/usr/bin/env python3
"""Writes the inputs the fuzzers begin with: FOLDER/<entrance>/<name>, made of tests/data and of tiny files built here.

    fuzz_seeds.py FOLDER

What is committed in tests/fuzz/corpus is a minimal part of these and of what was found from them; CONTRIBUTING.md says how.
Needs gguf and numpy.
"""
import json
import pathlib
import sys

import gguf
import numpy as np

DATA = pathlib.Path(__file__).resolve().parent.parent / "data"
DIVIDER = b"\x1e"
RANDOM = np.random.default_rng(3)
TOKENS = ["<s>", "</s>", "a", "b", "ab", "<|im_start|>", "Ġ", "H"]
TYPES = [3, 3, 1, 1, 1, 4, 1, 1]


def data(name):
    return json.loads((DATA / f"{name}.json").read_text())


class Folder:
    def __init__(self, root, name):
        self.path = pathlib.Path(root) / name
        self.path.mkdir(parents=True, exist_ok=True)
        self.count = 0

    def add(self, content):
        (self.path / f"{self.count:04}").write_bytes(content)
        self.count += 1


def write_model(path, architecture, kind, width, ffn, keys=None):
    writer = gguf.GGUFWriter(path, architecture)
    heads, head = 2, width // 2
    writer.add_block_count(1)
    writer.add_context_length(64)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(ffn)
    writer.add_head_count(heads)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_layer_norm_eps(1e-5)
    for key, value in (keys or {}).items():
        (writer.add_string if isinstance(value, str) else writer.add_float32 if isinstance(value, float) else writer.add_uint32)(
            f"{architecture}.{key}", value)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(TOKENS)
    writer.add_token_types(TYPES)
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_chat_template("{% for m in messages %}{{ m.content }}{% endfor %}")

    def matrix(name, rows, columns, of=None):
        values = RANDOM.standard_normal((rows, columns), dtype=np.float32)
        of = gguf.GGMLQuantizationType[of or kind]
        if of.name.startswith(("Q2", "Q3", "Q4_K", "Q5_K", "Q6", "IQ")):
            block, size = gguf.GGML_QUANT_SIZES[of]
            bytes_ = RANDOM.integers(0, 60, (rows, columns // block * size), dtype=np.uint8)
            writer.add_tensor(name, bytes_, raw_dtype=of)
        else:
            writer.add_tensor(name, gguf.quants.quantize(values, of), raw_dtype=of)

    def vector(name, size):
        writer.add_tensor(name, np.ones(size, dtype=np.float32))

    matrix("token_embd.weight", len(TOKENS), width, "F32")
    vector("output_norm.weight", width)
    for name, rows in (("q", width), ("k", head), ("v", head), ("output", width)):
        matrix(f"blk.0.attn_{name}.weight", rows, width)
        if architecture in ("qwen2", "starcoder2"):
            vector(f"blk.0.attn_{name}.bias", rows)
    for name in ("attn_norm", "ffn_norm"):
        vector(f"blk.0.{name}.weight", width)
        if architecture == "starcoder2":
            vector(f"blk.0.{name}.bias", width)
    if architecture == "qwen3":
        vector("blk.0.attn_q_norm.weight", head)
        vector("blk.0.attn_k_norm.weight", head)
    if architecture == "starcoder2":
        vector("output_norm.bias", width)
        vector("blk.0.ffn_up.bias", ffn)
        vector("blk.0.ffn_down.bias", width)
    else:
        matrix("blk.0.ffn_gate.weight", ffn, width, "F16" if width < 32 else "Q4_0")
    matrix("blk.0.ffn_up.weight", ffn, width, "F16" if width < 32 else "Q4_0")
    matrix("blk.0.ffn_down.weight", width, ffn)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def ggufs(root):
    folder = Folder(root, "gguf")
    yarn = {"rope.scaling.type": "yarn", "rope.scaling.factor": 4.0, "rope.scaling.original_context_length": 16}
    models = [("llama", "F32", 8, 8, None), ("llama", "F16", 8, 8, {"rope.scaling.type": "linear", "rope.scaling.factor": 2.0}),
              ("llama", "BF16", 8, 8, yarn), ("qwen2", "F32", 8, 8, yarn), ("qwen3", "F32", 8, 8, None),
              ("starcoder2", "F32", 8, 8, {"attention.sliding_window": 4}), ("llama", "F32", 8, 8, {"attention.sliding_window": 2})]
    models += [("llama", kind, 32, 32, None) for kind in ("Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "IQ4_NL")]
    for architecture, kind, width, ffn, keys in models:
        write_model(folder.path / f"{folder.count:04}", architecture, kind, width, ffn, keys)
        folder.count += 1
    writer = gguf.GGUFWriter(folder.path / "values", "mamba")
    for i, (value, kind) in enumerate([(1, "UINT8"), (-1, "INT8"), (1, "UINT16"), (-1, "INT16"), (1, "UINT32"), (-1, "INT32"),
                                       (1.0, "FLOAT32"), (True, "BOOL"), ("x", "STRING"), (1, "UINT64"), (-1, "INT64"), (1.0, "FLOAT64")]):
        writer.add_key_value(f"k{i}", value, gguf.GGUFValueType[kind])
        writer.add_key_value(f"a{i}", [value, value], gguf.GGUFValueType.ARRAY, sub_type=gguf.GGUFValueType[kind])
    writer.add_custom_alignment(64)
    writer.add_tensor("t", np.zeros((1, 2, 3), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


VOCABULARIES = [
    ("ab a<s>b", "model gpt2\npre gpt-2\nbos_token_id 0\neos_token_id 1", ["3<s>", "3</s>", "1a", "1b", "1ab", "4USER"], ["a b"]),
    ("深 é e\u0301 12345", "model gpt2\npre qwen2", ["1æ", "1·", "1±", "1æ·", "11", "12", "112", "1", "1a", "1a", "12"], ["æ ·", "1 2", "x y"]),
    ("Hello world ab", "model llama\nadd_bos_token 1\nadd_eos_token 1\nunknown_token_id 0",
     ["0\t2<unk>", "0\t3<s>", "0\t6<0x41>", "0\t6<0xFF>", "-1\t1▁", "-2\t1▁a", "-3.5\t1b", "-1e9\t1▁ab", "nan\t1x", "5\t1Hello", "1\t4<u>"], []),
    ("aaaa bbb", "model llama\nadd_space_prefix 0\npre default", ["2<unk>", "1▁", "1a", "1aa", "1b", "1aaaa"], ["a a", "aa aa", "▁ a"]),
    ("x", "model gpt2\npre llama-bpe\nbos_token_id 99\neot_token_id 1", ["9a", "1", "", "1x"], ["", " ", "a", "x x x"]),
]


def tokenizers(root):
    folder = Folder(root, "tokenizer")
    small = data("tokenizer_small")
    for i, line in enumerate(small["lines"]):
        folder.add(bytes([i % 12, i % 9]) + line.encode())
    for case in data("tokenizer_smollm2"):
        folder.add(bytes([folder.count % 12, 3]) + bytes.fromhex(case["bytes"])[:300])
    for pair in data("composition")[::40]:
        folder.add(bytes([4, 1]) + pair[0].encode())
    for text, header, tokens, merges in VOCABULARIES:
        parts = [text, header, "\n".join(tokens), "\n".join(merges)]
        folder.add(b"h\x02" + DIVIDER.join(p.encode() for p in parts))


def templates(root):
    folder = Folder(root, "template")
    for i, case in enumerate(data("jinja_language")["cases"]):
        folder.add(bytes([i % 16]) + case["template"].encode())
    for i, case in enumerate(data("jinja_hostile")):
        source = "".join(text * min(count, 40) for text, count in case["parts"])
        folder.add(bytes([i % 16]) + source[:3000].encode())
    suite = data("chat_template_suite")
    conversations = [DIVIDER.join([json.dumps(c["messages"]).encode(), json.dumps(c["tools"]).encode()]) for c in suite["conversations"]]
    sources = [path.read_text() for path in sorted((DATA / "templates").glob("*.jinja"))]
    sources += [case["template"] for case in data("chat_template")]
    for i, source in enumerate(sources):
        for options in (0, 1, 2, 5, 13):
            folder.add(bytes([options]) + source.encode() + DIVIDER + conversations[(i + options) % len(conversations)])


PATTERNS = ["a*b|c+?", "^(ab|cd){2,3}$", "[^\\w\\s]+\\d{4}-\\d\\d", "(?:深|[α-ω])+.", "\\u6df1\\x41\\n", "(?<n>a)|[\\-\\]]", "a{0}", "((a|b)*c){1,}",
            "[\\s\\S]{3}", "$^", "(a|b)*a(a|b){5}", "\\cA\\0[]|[^]"]


def grammars(root):
    folder = Folder(root, "grammar")
    walk = bytes(RANDOM.integers(0, 256, 40, dtype=np.uint8))
    schemas = [case["schema"] for kind in ("taken", "refused") for case in data("grammar_schemas")[kind] if "schema" in case]
    schemas += [json.dumps(schema, ensure_ascii=False) for schema in data("json_schemas")]
    for i, schema in enumerate(schemas):
        folder.add((b"s", b"t")[i % 2] + schema.encode() + DIVIDER + walk[i % 20:])
    for pattern in PATTERNS:
        folder.add(b"r" + pattern.encode() + DIVIDER + walk)


CALL, BLOCK = "｜tool▁call▁", "｜tool▁calls▁"
ANSWERS = ["Hello\n", "<think>\nTwo.\n</think>\n\nFour.", " \n <think>a</think>", "a <tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": [1]}}\n</tool_call> b",
           "<tool_call>{\"name\":\"f\",\"parameters\":\"{}\"}</tool_call>", "<tool_call>x <tool_call>{\"name\":\"f\"}</tool_call>",
           f"t</think>\n<{BLOCK}begin｜><{CALL}begin｜>function<｜tool▁sep｜>f\n```json\n{{\"a\": \"}}\"}}\n```<{CALL}end｜><{BLOCK}end｜>",
           f"a<{BLOCK}begin｜><{CALL}begin｜>f<｜tool▁sep｜>{{\"x\": 1}}<{CALL}end｜>", f"<{CALL}begin｜>f<｜tool▁sep｜>{{}}<{CALL}end｜> \n"]


def answers(root):
    folder = Folder(root, "answer")
    for i, text in enumerate(ANSWERS):
        for thinking in (b"\x00", b"\x01"):
            folder.add(thinking + bytes([i * 3 + 1]) + b"Four\n</\xe6\n\nabcab" + DIVIDER + text.encode())


def conversations(root):
    folder = Folder(root, "conversation")
    for text in ['[{"role": "user", "content": "Hi"}]', '[{"role":"system","content":""},{"role":"user","content":"\\ud83d\\ude00 é"}]', "[]", "{}", "[1e999]",
                 '[{"role": "tool", "content": 1}]', ' [ {"role":"user","content":"a"} , {"role":"assistant","content":"b\\n"} ] x', '["\\ud800"]', "nul", '[{"a":[{"b":{}}]}]']:
        folder.add(text.encode())
    for encoding in data("encodings"):
        folder.add(json.dumps([{"role": "user", "content": encoding.get("text", "")}], ensure_ascii=False).encode())


def tiny_tokenizer(sentence_piece):
    vocabulary = {token: i for i, token in enumerate(TOKENS)}
    split = {"type": "Split", "pattern": {"Regex": " ?\\p{L}+|\\s"}, "behavior": "Isolated", "invert": False}
    tokenizer = {"added_tokens": [{"id": i, "content": TOKENS[i], "special": True} for i in (0, 1, 5)], "normalizer": {"type": "NFC"},
                 "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}]},
                 "model": {"type": "BPE", "vocab": vocabulary, "merges": ["a b"]}}
    if sentence_piece:
        tokenizer["normalizer"] = {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}
        tokenizer["pre_tokenizer"] = None
        tokenizer["model"] = {**tokenizer["model"], "byte_fallback": True, "unk_token": "H", "vocab": {**{t: i for t, i in vocabulary.items() if t != "Ġ"}, "▁": 6}}
    return json.dumps(tokenizer, ensure_ascii=False).encode()


def header_of(tensors):
    out, at = {}, 0
    for name, (kind, shape) in tensors.items():
        size = int(np.prod(shape)) * {"F32": 4, "BF16": 2, "F16": 2, "F8_E4M3": 1}[kind]
        out[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    return json.dumps(out, separators=(",", ":")).encode()


def folder_model(model_type, kind="BF16", width=8):
    """config.json and the tensors of a model of one or two layers."""
    latent, experts = model_type.startswith("deepseek_v"), "moe" in model_type or model_type.startswith("deepseek")
    half = width // 2
    config = {"model_type": model_type, "num_hidden_layers": 1, "hidden_size": width, "intermediate_size": 8, "vocab_size": len(TOKENS),
              "num_attention_heads": 2, "num_key_value_heads": 2 if latent else 1, "max_position_embeddings": 64, "tie_word_embeddings": True,
              "head_dim": half, "eos_token_id": 1}
    tensors = {"model.embed_tokens.weight": ("BF16", (len(TOKENS), width)), "model.norm.weight": ("BF16", (width,))}

    def matrix(name, rows, columns):
        tensors[f"model.layers.0.{name}.weight"] = (kind, (rows, columns))
        if kind == "F8_E4M3":
            tensors[f"model.layers.0.{name}.weight_scale_inv"] = ("F32", (-(-rows // 128), -(-columns // 128)))

    def vector(name, size, ending="weight"):
        tensors[f"model.layers.0.{name}.{ending}"] = ("BF16", (size,))

    vector("input_layernorm", width)
    vector("post_attention_layernorm", width)
    if latent:
        config |= {"kv_lora_rank": 8, "qk_nope_head_dim": 4, "qk_rope_head_dim": 4, "v_head_dim": 4}
        matrix("self_attn.kv_a_proj_with_mqa", 12, width)
        vector("self_attn.kv_a_layernorm", 8)
        matrix("self_attn.kv_b_proj", 16, 8)
        matrix("self_attn.o_proj", width, 8)
        if model_type == "deepseek_v3":
            config |= {"q_lora_rank": 4}
            matrix("self_attn.q_a_proj", 4, width)
            vector("self_attn.q_a_layernorm", 4)
            matrix("self_attn.q_b_proj", 16, 4)
        else:
            matrix("self_attn.q_proj", 16, width)
    else:
        for name, rows in (("q", width), ("k", half), ("v", half)):
            matrix(f"self_attn.{name}_proj", rows, width)
            if model_type.startswith("qwen2"):
                vector(f"self_attn.{name}_proj", rows, "bias")
        matrix("self_attn.o_proj", width, width)
        if model_type.startswith("qwen3"):
            vector("self_attn.q_norm", half)
            vector("self_attn.k_norm", half)
    if not experts:
        for name in ("gate_proj", "up_proj", "down_proj"):
            matrix(f"mlp.{name}", 8, width)
        return config, tensors
    config |= {"num_experts_per_tok": 1, "moe_intermediate_size": 8, "first_k_dense_replace": 0,
               "n_routed_experts" if model_type.startswith("deepseek") else "num_experts": 2}
    tensors["model.layers.0.mlp.gate.weight"] = ("BF16", (2, width))
    for expert in range(2):
        for name in ("gate_proj", "up_proj", "down_proj"):
            matrix(f"mlp.experts.{expert}.{name}", 8, width)
    if model_type == "deepseek_v3":
        config |= {"n_group": 2, "topk_group": 1}
        vector("mlp.gate", 2, "e_score_correction_bias")
    if model_type == "qwen2_moe":
        config |= {"shared_expert_intermediate_size": 8}
        for name in ("gate_proj", "up_proj", "down_proj"):
            matrix(f"mlp.shared_expert.{name}", 8, width)
        matrix("mlp.shared_expert_gate", 1, width)
    return config, tensors


ROPES = [{}, {"rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16, "mscale": 0.707, "mscale_all_dim": 0.707}},
         {"rope_parameters": {"rope_type": "llama3", "rope_theta": 5e5, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                              "original_max_position_embeddings": 32}}, {"rope_scaling": {"type": "linear", "factor": 2.0}}]
QUANTISED = {"quantization_config": {"quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [128, 128]}}


def folders(root):
    folder = Folder(root, "folder")
    for i, (model_type, kind) in enumerate([(t, k) for t in ("llama", "qwen2", "qwen3", "qwen2_moe", "qwen3_moe", "deepseek", "deepseek_v2", "deepseek_v3")
                                            for k in ("BF16", "F8_E4M3", "F32")]):
        config, tensors = folder_model(model_type, kind)
        config |= ROPES[i % 4] | (QUANTISED if kind == "F8_E4M3" else {})
        names = list(tensors)
        parts = [tensors] if i % 3 else [{n: tensors[n] for n in names[:5]}, {n: tensors[n] for n in names[5:]}]
        index = {"weight_map": {n: f"model-0000{j + 1}-of-00002.safetensors" for j, part in enumerate(parts) for n in part}}
        sections = [json.dumps(config).encode(), header_of(parts[0]), header_of(parts[1]) if len(parts) > 1 else b"",
                    json.dumps(index).encode() if len(parts) > 1 else b"", tiny_tokenizer(i % 2), b'{"eos_token_id":[1,5]}' if i % 4 == 0 else b"",
                    b'{"bos_token":"<s>","add_bos_token":true,"chat_template":"{{ messages[0].content }}"}' if i % 4 == 1 else b"",
                    b"{% for m in messages %}{{ m.content }}{% endfor %}" if i % 4 == 2 else b""]
        folder.add(b"\x3c" + DIVIDER.join(sections))


if __name__ == "__main__":
    for write in (ggufs, tokenizers, templates, grammars, answers, conversations, folders):
        write(sys.argv[1])
