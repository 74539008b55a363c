#!/usr/bin/env python3
"""Writes tests/data/encodings.json: texts in many encodings, encoded by Python's codecs.

encodings.py > tests/data/encodings.json
"""
import codecs
import json
import sys

CHINESE = "第一章 深海\r\n超深渊带是海洋最深的部分，水深超过六千米。\r\n那里没有阳光，压力极大，但仍有生命。\r\n"
FRENCH = "Où est la forêt ? Là-bas, près du château.\nL’été dernier, “ça” coûtait 5 €.\n"
CODE = "#include <cstdio>\n\nint main() {\n\tstd::puts(\"hi\");\n}\n"
MIXED = "Grüße, 世界! 🌊 x = 1\n"

CASES = [
    ("ascii code", CODE, "ascii", b""),
    ("utf-8", MIXED, "utf-8", b""),
    ("utf-8 with mark", MIXED, "utf-8", codecs.BOM_UTF8),
    ("utf-16le with mark", MIXED, "utf-16-le", codecs.BOM_UTF16_LE),
    ("utf-16be with mark", MIXED, "utf-16-be", codecs.BOM_UTF16_BE),
    ("utf-32le with mark", MIXED, "utf-32-le", codecs.BOM_UTF32_LE),
    ("utf-32be with mark", MIXED, "utf-32-be", codecs.BOM_UTF32_BE),
    ("utf-16le without mark", CODE, "utf-16-le", b""),
    ("utf-16be without mark", CODE, "utf-16-be", b""),
    ("gb18030", CHINESE, "gb18030", b""),
    ("gbk", "变量名是 count，返回值为 0。\n", "gbk", b""),
    ("gbk in code", "// 计算总和\nint sum(int a, int b) { return a + b; }\n", "gbk", b""),
    ("windows-1252", FRENCH, "cp1252", b""),
    ("latin-1", "Smörgåsbord på ön\n", "latin-1", b""),
    ("old mac line ends", "one\rtwo\rthree", "ascii", b""),
    ("empty", "", "ascii", b""),
]


def unified(text):
    return text.replace("\r\n", "\n").replace("\r", "\n")


cases = [{"name": name, "bytes": (mark + text.encode(codec)).hex(), "text": unified(text)} for name, text, codec, mark in CASES]
json.dump(cases, sys.stdout, ensure_ascii=False, indent=1)
print()
