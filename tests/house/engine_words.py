#!/usr/bin/env python3
"""Every sentence that the engine can say about a model's text has its pattern in app/language/engine_words.cpp, so that
it is said in the person's language. Usage: engine_words.py SOURCE_DIR ROOM..., rooms as paths below engine/.

A sentence is a string literal, or a concat(...) with other things between its literals, that ends in a full stop."""
import ast
import pathlib
import re
import sys

HOLE = "\x01"
TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|R"\((?P<raw>.*?)\)"|"(?P<text>(?:[^"\\\n]|\\.)*)"|\'(?:[^\'\\]|\\.)\'|[(){},;]|[^\s"\'(){},;]+',
                   re.S)

# Pieces that the code puts together elsewhere; the whole sentences have their patterns.
PIECES = {
    "is no pair.",
    f"needs the token \"{HOLE}\", which is not in tokenizer.ggml.tokens.",
    f"the model {HOLE} {HOLE} (metadata {HOLE}), and no vocabulary to tell which one would suit it.",
    f"The model {HOLE} {HOLE}; Hadal's own \"{HOLE}\" stands in, because {HOLE}.",
}


def tokens(source):
    for match in TOKEN.finditer(source):
        word = match.group(0)
        if word.startswith(("//", "/*", 'R"')):
            continue
        if match.group("text") is not None:
            text = re.sub(r"\\x([0-9A-Fa-f]{2})", r"\\x\1", match.group("text"))
            yield "text", ast.literal_eval('"' + text + '"')
        else:
            yield "word", word


def spelled(items, start):
    """The text that concat(...) makes, whose parenthesis is at start, and where it ends."""
    parts, at, depth = [""], start + 1, 1
    while at < len(items) and depth:
        kind, value = items[at]
        if kind == "text" and depth == 1:
            parts[-1] += value
        elif kind == "word":
            if value in "({":
                depth += 1
            elif value in ")}":
                depth -= 1
            if depth == 1 and value == ",":
                parts.append("")
            elif depth >= 1 and not parts[-1].endswith(HOLE):
                parts[-1] += HOLE
        at += 1
    return "".join(parts), at


def sentences(source):
    items = list(tokens(source))
    at = 0
    while at < len(items):
        kind, value = items[at]
        if kind == "word" and value == "concat" and items[at + 1 : at + 2] == [("word", "(")]:
            text, at = spelled(items, at + 1)
            yield text
        elif kind == "text":
            text = ""
            while at < len(items) and items[at][0] == "text":
                text += items[at][1]
                at += 1
            yield text
        else:
            at += 1


def patterns(words):
    for match in re.finditer(r'QT_TRANSLATE_NOOP\(\s*"Engine",\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\)', words):
        text = "".join(ast.literal_eval(part) for part in re.findall(r'"(?:[^"\\]|\\.)*"', match.group(1)))
        if not text.endswith("."):
            continue  # a phrase inside a sentence
        yield re.compile("(?:.+: )?" + re.sub(r"%\d", "(?:.+?)", re.escape(text).replace(r"\%", "%")), re.S)


def main():
    root = pathlib.Path(sys.argv[1])
    known = list(patterns((root / "app/language/engine_words.cpp").read_text()))
    unknown, seen = [], 0
    for room in sys.argv[2:]:
        for path in sorted((root / "engine" / room).glob("*.cpp")):
            for text in sentences(path.read_text()):
                if not text.endswith(".") or " " not in text or text in PIECES:
                    continue
                seen += 1
                if not any(pattern.fullmatch(text) for pattern in known):
                    unknown.append(f"{path.relative_to(root)}: {text.replace(HOLE, '…')}")
    print("\n".join(unknown))
    print(f"{seen} sentences, {len(unknown)} without words")
    return 1 if unknown or not known or not seen else 0


if __name__ == "__main__":
    sys.exit(main())
