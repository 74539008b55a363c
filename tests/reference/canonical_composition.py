#!/usr/bin/env python3
"""Writes engine/text/canonical_composition_table.cpp: what Unicode's normalisation form C needs, from Python's
unicodedata, without the characters that the tokenizers library does not know yet: models learnt the ids that it makes.
A character's normalisation never changes once it exists, so that any version of Python will do.

Needs: pip install tokenizers"""
import pathlib
import unicodedata

from tokenizers import normalizers

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HEAD = """// Made by tests/reference/canonical_composition.py from Unicode %s and older; do not edit.
#include "text/canonical_composition_table.h"

namespace hadal {
namespace {

// clang-format off
"""


def is_known(character: str) -> bool:
    """Whether the library puts the mark where it belongs among others, whose class is lower (1) and higher (240)."""
    rank, decompose = unicodedata.combining(character), normalizers.NFD().normalize_str
    if rank < 240:
        return decompose("a\u0345" + character) == "a" + decompose(character) + "\u0345"
    return decompose("a" + character + "\u0334") == "a\u0334" + character


def rows(items: list, columns: int) -> str:
    return "\n".join("    " + " ".join(items[i:i + columns]) for i in range(0, len(items), columns))


def main() -> None:
    pairs, classes = [], []
    for point in range(0x110000):
        character = chr(point)
        mapping = unicodedata.decomposition(character)
        if mapping and not mapping.startswith("<") and normalizers.NFD().normalize_str(character) != character:
            parts = [int(p, 16) for p in mapping.split()] + [0]
            composes = len(parts) == 3 and unicodedata.normalize("NFC", character) == character
            pairs.append("{0x%X, 0x%X, 0x%X, %s}," % (point, parts[0], parts[1], "true" if composes else "false"))
        rank = unicodedata.combining(character)
        if rank and not is_known(character):
            continue
        if rank and classes and classes[-1][1] == point - 1 and classes[-1][2] == rank:
            classes[-1][1] = point
        elif rank:
            classes.append([point, point, rank])
    ranges = ["{0x%X, 0x%X, %d}," % tuple(row) for row in classes]
    text = HEAD % unicodedata.unidata_version
    text += "constexpr CanonicalPair pairs[] = {\n" + rows(pairs, 4) + "\n};\n\n"
    text += "constexpr CombiningRange ranges[] = {\n" + rows(ranges, 5) + "\n};\n// clang-format on\n"
    text += """
}  // namespace

std::span<const CanonicalPair> canonical_pairs() {
  return pairs;
}

std::span<const CombiningRange> combining_ranges() {
  return ranges;
}

}  // namespace hadal
"""
    (ROOT / "engine/text/canonical_composition_table.cpp").write_text(text)


if __name__ == "__main__":
    main()
