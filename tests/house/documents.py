#!/usr/bin/env python3
"""Whether what the documents point at is there: linked files and pictures, and the verbs of ./dev.

documents.py ROOT
"""
import pathlib
import re
import subprocess
import sys

LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
VERB = re.compile(r"(?:`|^ *)\./dev ([a-z]+)", re.M)
FENCE = re.compile(r"```.*?```", re.S)


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    verbs = set(re.findall(r"^  ([a-z]+)", subprocess.run([root / "dev", "help"], check=True, capture_output=True, text=True).stdout, re.M))
    documents = sorted(root.glob("*.md")) + sorted((root / "docs").glob("*.md"))
    problems = []
    for document in documents:
        text = document.read_text()
        for link in LINK.findall(FENCE.sub("", text)):
            if "://" not in link and not (document.parent / link).exists():
                problems.append(f"{document.relative_to(root)}: {link} does not exist")
        problems += [f"{document.relative_to(root)}: ./dev has no verb {verb}" for verb in VERB.findall(text) if verb not in verbs]
    names = {d.name for d in documents}
    problems += [f"{name} is missing" for name in ("README.md", "README.zh-CN.md", "ARCHITECTURE.md", "CONTRIBUTING.md") if name not in names]
    print("\n".join(problems) or f"{len(documents)} documents, everything they point at is there")
    return 1 if problems else 0


sys.exit(main())
