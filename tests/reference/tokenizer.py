#!/usr/bin/env python3
"""Makes the expected values of the tokenizer tests with Hugging Face's tokenizers library.

  tests/data/tokenizer_smollm2.json  ids of texts, the vocabulary and merges taken from the starter model's GGUF file
  tests/data/pre_tokenizer.json      pieces of texts under each set of splitting rules (no vocabulary involved)
  tests/data/tokenizer_small.json    two small vocabularies trained here, byte-level and SentencePiece's kind, and the
                                     ids of a few hundred lines under each set of rules
  tests/data/composition.json        texts and their Unicode normalisation form C

Needs: pip install gguf tokenizers. Run: python3 tests/reference/tokenizer.py MODEL.gguf (without MODEL: all but the
first file).
The rules are those the models publish in tokenizer.json; SmolLM2's is Digits(individual_digits) then ByteLevel.
"""
import json
import pathlib
import random
import sys
import unicodedata

import gguf
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from compare_tokenizers import byte_spelling

DATA = pathlib.Path(__file__).resolve().parent.parent / "data"

TEXTS = {
    "empty": "",
    "english": "The hadal zone is the deepest part of the sea; it's more than 6,000 m down, isn't it? I'LL SEE.",
    "chinese": "深渊带是海洋最深的部分，深度超过六千米。你好，世界！「引号」——破折号……",
    "mixed scripts": "Größe naïve Ελληνικά русский текст עברית العربية हिन्दी ไทย 日本語カタカナ 한국어",
    "code": "#include <vector>\nint main(int argc, char** argv) {\n\tfor (auto& x : v) x += 0x1F;  // twice\n    return v[0] != 42 ? -1 : 0;\n}\n",
    "python": "def f(x: int) -> str:\n    \"\"\"doc\"\"\"\n    return f'{x:>10}' + \"\\n\" * 3\n\n\nclass A:\n        pass",
    "json": '{"a": [1, 2.5e-3, null], "b": {"c": "\\u4e2d"}}',
    "emoji": "😀😃 👩‍👩‍👧‍👦 🇩🇪 👍🏽 ❤️ ☃",
    "combining marks": "e\u0301 a\u0308\u0323 Z\u0351\u036b\u0343 \u0915\u094d\u0937",
    "long whitespace": "a" + " " * 70 + "b" + "\t" * 20 + "c\n\n\n\n   \n \t d   ",
    "only spaces": " " * 33,
    "only newlines": "\n\n\n",
    "unicode spaces": "a\u00a0b\u2003c\u3000d\u200be\u180ef\u0085g\u2028h",
    "digits": "0 1 12 123 1234 3.14159 1,000,000 2024-01-17 ½ ² Ⅷ ٣ १२ 𝟜",
    "crlf": "one\r\ntwo\r\n\r\nthree\rfour\n\rfive",
    "apostrophes": "don't we'll I'm they've he'd it's you're 'sup 'tis 'S 'LL O'Neil '",
    "punctuation": "...!!??--==>>((()))[[]]{{}}<<>>||&&^^~~``\"\"''\\\\//@@##$$%%",
    "control characters": "a\x00b\x01c\x07d\x1be\x7ff",
    "absent bytes": "a\x04b\x06\U000fffffc",
    "special tokens in text": "<|im_start|>user\nHi<|im_end|>\n<|endoftext|><|im_star|><|im_start|<repo_name><file_sep>x",
    "special tokens touching": "<|im_end|><|im_end|>a<|im_start|>b <|im_end|> c",
    "long word": "a" * 300 + "the" * 100,
    "urls": "https://example.org/a_b?q=%20x&y=1#frag mailto:a.b@c.example C:\\dir\\file.txt ../x",
}

# Bytes that are no UTF-8, which the tokenizer refuses with the offset that Python's decoder names.
BYTES = {
    "lone continuation": b"abc\x80def",
    "cut character": "abc中".encode()[:-1],
    "cut character, then text": "中".encode()[:2] + b" and more",
    "latin-1": "Gr\u00f6\u00dfe caf\u00e9".encode("latin-1"),
    "overlong and surrogate": b"\xc0\xafx\xed\xa0\x80y",
    "beyond unicode": b"\xf4\x90\x80\x80 z",
    "all bytes": bytes(range(256)),
}

WORDS = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
TAIL = r"\p{N}@| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
GPT4 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|" + TAIL
# Written as escapes: some of these turn into their neighbours under Unicode normalisation.
LETTERS = (
    "[A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af\u0370-\u0373\u0376"
    "\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03f5\u03f7-\u0481\u048a-\u052f"
    "\u0531-\u0556\u10a0-\u10c5\u13a0-\u13f5\u13f8-\u13fd\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77"
    "\u1d79-\u1d9a\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d\u1f5f-\u1f7d"
    "\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-\u1fdb\u1fe0-\u1fec\u1ff2-\u1ff4"
    "\u1ff6-\u1ffc\u2102\u2107\u210a-\u2113\u2115\u2119-\u211d\u2124\u2126\u2128\u212a-\u212d\u212f-\u2134\u2139"
    "\u213c-\u213f\u2145-\u2149\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-\u2cee\u2cf2\u2cf3\ua640-\ua66d"
    "\ua680-\ua69b\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf\ufb00-\ufb06\ufb13-\ufb17\uff21-\uff3a"
    "\uff41-\uff5a\U00010400-\U0001044f\U000104b0-\U000104d3\U000104d8-\U000104fb\U00010c80-\U00010cb2"
    "\U00010cc0-\U00010cf2\U000118a0-\U000118df\U0001e900-\U0001e943]+")
CJK = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"
RULES = {
    "gpt-2": [WORDS],
    "smollm": [r"\p{N}", WORDS],
    "default": [r"[\p{P}\$\+<=>\^~\|]+", WORDS, r"\p{N}+", "[0-9][0-9][0-9]"],
    "llama-bpe": [GPT4.replace("@", "{1,3}")],
    "qwen2": [GPT4.replace("@", "")],
    "deepseek-coder": ["[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", CJK, r"\p{N}"],
    "deepseek-llm": ["[\r\n]", r"\s?" + LETTERS, r"\s?[!-/:-~！-／：-～‘-‟\u3000-。]+", r"\s+$", CJK, r"\p{N}+"],
    "deepseek-v3": [r"\p{N}{1,3}", "[一-龥\u3040-ゟ゠-ヿ]+",
                    r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"""
                    r"""| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""],
}
RULES["tekken"] = [
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"]
RULES["qwen35"] = [RULES["qwen2"][0].replace(r"?\p{L}+", r"?[\p{L}\p{M}]+").replace(r"?[^\s\p{L}", r"?[^\s\p{L}\p{M}")]
WHOLE_FIRST, COMPOSED = {"llama-bpe", "tekken"}, {"qwen2", "qwen35"}
# What the rules treat differently from each other, and what borders on it.
ALPHABET = list("  \t\n\r'sSlLtTaZé中文龥あンー한٣1239½²Ⅷ.,!?-_=+<$^~|`。，「！％‘’“\u00a0\u2003\u3000\u0085\u180e\u200b\u0301\u093f😀ǅʰªſ\u212a\u1f7d")


class Reference:
    def __init__(self, path: str):
        fields = gguf.GGUFReader(path).fields
        self.tokens = fields["tokenizer.ggml.tokens"].contents()
        types = fields["tokenizer.ggml.token_type"].contents()
        self.vocabulary = {token: i for i, token in enumerate(self.tokens)}
        self.merges = [tuple(m.split(" ")) for m in fields["tokenizer.ggml.merges"].contents()]
        self.plain = self.build()
        self.full = self.build()
        self.full.add_special_tokens([AddedToken(t, normalized=False) for t, kind in zip(self.tokens, types) if kind == 3])

    def build(self) -> Tokenizer:
        tokenizer = Tokenizer(models.BPE(vocab=self.vocabulary, merges=self.merges))
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
        return tokenizer


def first_invalid(data: bytes) -> int:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.start
    raise ValueError("this is UTF-8")


def ids(path: str) -> None:
    reference = Reference(path)
    cases = [{"name": name, "bytes": text.encode().hex(), "ids": reference.full.encode(text).ids,
              "plain_ids": reference.plain.encode(text).ids} for name, text in TEXTS.items()]
    for name, data in BYTES.items():
        cases.append({"name": name, "bytes": data.hex(), "invalid_at": first_invalid(data)})
    (DATA / "tokenizer_smollm2.json").write_text(json.dumps(cases, indent=0) + "\n")


def pieces() -> None:
    source = random.Random(20240117)
    texts = ["".join(source.choices(ALPHABET, k=source.randint(1, 40))) for _ in range(150)]
    texts += [t for t in TEXTS.values() if t]
    result = []
    for name, rules in RULES.items():
        splitter = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(rule), "isolated") for rule in rules])
        result.append({"name": name, "pieces": [[p for p, _ in splitter.pre_tokenize_str(t)] for t in texts]})
    (DATA / "pre_tokenizer.json").write_text(json.dumps(result, ensure_ascii=False, indent=0) + "\n")


SPECIAL = ["<s>", "</s>", "<|eot_id|>"]
ADDED = ["<think>", "｜User｜", "    #"]


def lines() -> list:
    source = random.Random(20240118)
    words = " ".join(TEXTS.values()).split()
    spaces = [" ", "  ", "\t", "\n", "\r\n", "\u3000", "\u00a0", "\n\n   "]
    out = []
    for _ in range(60):
        out.append("".join(source.choice(words) + source.choice(spaces) for _ in range(source.randint(1, 8))))
        out.append("".join(source.choices(ALPHABET, k=source.randint(1, 30))))
        out.append("".join(source.choice([*SPECIAL, *ADDED, *words, *spaces]) for _ in range(source.randint(1, 8))))
    return out + list(TEXTS.values())


def trained(pre_tokenizer, alphabet: list, size: int) -> tuple:
    """Tokens and merges learnt from the texts above."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False, special_tokens=[])
    tokenizer.train_from_iterator([t for t in TEXTS.values()] * 3, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    assert not set(SPECIAL + ADDED) & set(model["vocab"])
    return sorted(model["vocab"], key=model["vocab"].get), [tuple(m) for m in model["merges"]]


def with_added(tokenizer: Tokenizer) -> Tokenizer:
    tokenizer.add_special_tokens([AddedToken(t, normalized=False) for t in SPECIAL])
    tokenizer.add_tokens([AddedToken(t, normalized=False) for t in ADDED])
    return tokenizer


def byte_level() -> dict:
    # Learnt across words, so that the rules make a difference.
    tokens, merges = trained(pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False), byte_spelling(), 800)
    kinds = {}
    for name, rules in RULES.items():
        tokenizer = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=merges,
                                         ignore_merges=name in WHOLE_FIRST))
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Split(Regex(rule), "isolated") for rule in rules]
            + [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
        if name in COMPOSED:
            tokenizer.normalizer = normalizers.NFC()
        with_added(tokenizer)
        kinds[name] = [tokenizer.encode(line).ids for line in lines()]
    return {"tokens": tokens + SPECIAL + ADDED, "merges": [" ".join(m) for m in merges], "ids": kinds}


def sentence_piece() -> dict:
    words = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    tokens, merges = trained(words, [], 700)
    # As SentencePiece lays them out: the unknown token, bytes, merged pieces with falling scores, characters last. The
    # rarer characters are left to the bytes.
    merged = [a + b for a, b in merges]
    letters = [t for t in tokens if len(t) == 1 and (ord(t) < 0x250 or t in "".join(merged))]
    order = ["<unk>"] + [f"<0x{b:02X}>" for b in range(256)] + merged + letters
    scores = [0.0] * 257 + [-float(i) for i in range(len(merged))] + [-1e9] * len(letters)
    vocabulary = {t: i for i, t in enumerate(order)}
    result = {"tokens": order + SPECIAL + ADDED, "scores": scores + [0.0] * len(SPECIAL + ADDED),
              "merges": [" ".join(m) for m in merges]}
    # A piece can be put together in several ways, all of which count where there are scores instead of merges.
    rank = {t: i for i, t in enumerate(merged)}
    every = [(t[:i], t[i:]) for t in sorted(rank, key=rank.get) for i in range(1, len(t))
             if t[:i] in vocabulary and t[i:] in vocabulary]
    for name, pairs in (("score_ids", every), ("merge_ids", merges)):
        tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=pairs, byte_fallback=True, unk_token="<unk>", fuse_unk=True))
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
        with_added(tokenizer)
        result[name] = [tokenizer.encode(line).ids for line in lines()]
    return result


def small() -> None:
    result = {"lines": lines(), "special": len(SPECIAL), "added": len(ADDED), "byte_level": byte_level(),
              "sentence_piece": sentence_piece()}
    (DATA / "tokenizer_small.json").write_text(json.dumps(result, separators=(",", ":")).replace("],[", "],\n[") + "\n")


def composition() -> None:
    source = random.Random(20240119)
    marks = "\u0300\u0301\u0308\u0323\u0327\u0334\u0345\u05b0\u093c\u09be\u0cd5\u0f71\u3099\u0344\u20d0\U0001d165"
    others = "aeEoOZ\u00e9\u1e69\u03b1\u0915\u09c7\u0cc6\u304b\u212b\u2126\uf900\ufb1d\u1100\u1161\u11a8\uac00\uac01\u4e2d\U0001d157\u0958 x\U0002f800"
    texts = [c for c in marks + others]
    texts += ["".join(source.choices(marks + marks + others, k=source.randint(2, 12))) for _ in range(400)]
    pairs = [[t, normalizers.NFC().normalize_str(t)] for t in texts]
    assert all(new == unicodedata.normalize("NFC", old) for old, new in pairs)
    (DATA / "composition.json").write_text(json.dumps(pairs, indent=0) + "\n")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        ids(sys.argv[1])
    pieces()
    small()
    composition()
