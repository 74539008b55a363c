#!/usr/bin/env python3
"""Answers to random JSON schemas, judged by the jsonschema package.

    json_schemas.py --write 40 tests/data/json_schemas.json
    json_schemas.py MODEL.gguf --engine build/bin/hadal-engine [--count 500] [--jobs 2]

The schemas are the same every time. Each is asked once, at a temperature, with a token limit that is ample for some and
for every third the very least the schema allows (the engine names it when asked for one token). Prints a line for every
answer that is no JSON or not valid, and the totals. Needs jsonschema.
"""
import argparse
import concurrent.futures
import datetime
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import urllib.parse

WORDS = ["name", "age", "title", "city", "tags", "items", "price", "id", "status", "notes", "unit", "Größe", "名前", "a b", "x\"y"]
PATTERNS = ["^[a-z]{2,6}$", "^[A-Z][a-z]+$", "^\\d{3}-\\d{4}$", "[0-9]", "^(red|green|blue)$", "^\\S+@\\S+$", "^[^,]{1,12}$"]
FORMATS = ["date", "time", "date-time", "uuid", "email", "ipv4", "ipv6", "hostname", "uri", "duration"]


class Generator:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.definitions = {}

    def maybe(self, p):
        return self.rng.random() < p

    def string(self):
        kind = self.rng.randrange(5)
        if kind == 0:
            return {"type": "string", "pattern": self.rng.choice(PATTERNS)}
        if kind == 1:
            return {"type": "string", "format": self.rng.choice(FORMATS)}
        out = {"type": "string"}
        if self.maybe(0.5):
            out["minLength"] = self.rng.randint(0, 8)
        if self.maybe(0.6):
            out["maxLength"] = out.get("minLength", 0) + self.rng.randint(0, 30)
        return out

    def number(self):
        out = {"type": self.rng.choice(["integer", "number"])}
        if self.maybe(0.3):
            out["multipleOf"] = self.rng.choice([2, 3, 5, 7, 10, 25] if out["type"] == "integer" else [0.5, 0.25, 2])
        low = self.rng.choice([-1000, -50, -1, 0, 1, 10, 99, 1234])
        if out["type"] == "number" and self.maybe(0.5):
            low += self.rng.choice([0.5, 0.25, 0.125])
        if self.maybe(0.5):
            out[self.rng.choice(["minimum", "exclusiveMinimum"])] = low
        if self.maybe(0.5):
            out[self.rng.choice(["maximum", "exclusiveMaximum"])] = low + self.rng.choice([60, 77.5, 1000, 123456])
        return out

    def enum(self):
        values = self.rng.sample(["red", "green", "käse", "", "a\nb", 1, 2.5, -3, True, None, {"k": [1, "z"]}, [1, 2]], self.rng.randint(1, 5))
        return {"const": values[0]} if self.maybe(0.2) else {"enum": values}

    def object(self, depth):
        names = self.rng.sample(WORDS, self.rng.randint(0, 5))
        out = {"type": "object", "properties": {name: self.schema(depth - 1) for name in names}}
        out["required"] = [name for name in names if self.maybe(0.6)]
        if self.maybe(0.3):
            out["additionalProperties"] = False if self.maybe(0.6) else self.schema(0)
        if depth > 1 and self.maybe(0.1):
            out["patternProperties"] = {"^x-[a-z]{1,5}$": self.schema(0)}
        if names and self.maybe(0.2):
            out["minProperties"] = self.rng.randint(0, len(names))
        if names and self.maybe(0.2):
            out["maxProperties"] = max(len(out["required"]), out.get("minProperties", 0), self.rng.randint(1, 5))
        if self.maybe(0.1):
            out["description"] = "An object."
        return out

    def array(self, depth):
        out = {"type": "array", "items": self.schema(depth - 1)}
        if self.maybe(0.2):
            out["prefixItems"] = [self.schema(depth - 1) for _ in range(self.rng.randint(1, 3))]
        if self.maybe(0.5):
            out["minItems"] = self.rng.randint(0, 4)
        if self.maybe(0.7):
            out["maxItems"] = out.get("minItems", 0) + self.rng.randint(0, 4)
        return out

    def union(self, depth):
        branches = [self.schema(depth - 1) for _ in range(self.rng.randint(2, 4))]
        if self.maybe(0.7):
            return {"anyOf": branches}
        kinds = self.rng.sample(["circle", "square", "line"], 2)
        return {"oneOf": [{"type": "object", "properties": {"kind": {"const": kind}, "value": self.schema(0)},
                           "required": ["kind"], "additionalProperties": False} for kind in kinds]}

    def conjunction(self, depth):
        a, b = self.rng.sample(WORDS, 2)
        return {"allOf": [{"type": "object", "properties": {a: self.schema(depth - 1)}, "required": [a]},
                          {"properties": {b: self.schema(depth - 1), a: True}, "minProperties": 1}]}

    def reference(self, depth):
        name = self.rng.choice(["node", "point"])
        if name == "point":
            self.definitions["point"] = {"type": "object", "properties": {"x": {"type": "number"}, "y": {"type": "number"}},
                                         "required": ["x", "y"], "additionalProperties": False}
        else:
            self.definitions["node"] = {"type": "object", "properties": {
                "label": {"type": "string", "maxLength": 8}, "children": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
                "required": ["label"]}
        return {"$ref": f"#/$defs/{name}"}

    def schema(self, depth):
        leaves = [self.string, self.number, self.enum, lambda: {"type": self.rng.choice(["boolean", "null"])},
                  lambda: {"type": ["string", "null"], "maxLength": 9}]
        if depth <= 0:
            return self.rng.choice(leaves)()
        nested = [self.object, self.object, self.object, self.array, self.union, self.conjunction, self.reference]
        if self.maybe(0.4):
            return self.rng.choice(leaves)()
        if self.maybe(0.05):
            return self.rng.choice([{}, True, {"type": "object"}, {"type": "array"}])
        return self.rng.choice(nested)(depth)


def schemas(count):
    out = []
    for seed in range(count):
        generator = Generator(seed)
        schema = generator.object(3) if seed % 4 else generator.schema(3)
        if not isinstance(schema, dict):
            schema = {"allOf": [schema]}
        if generator.definitions:
            schema["$defs"] = generator.definitions
        out.append(schema)
    return out


def ask(args, index, schema):
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(schema, file, ensure_ascii=False)
        file.flush()
        command = [args.engine, "generate", args.model, "--prompt", "An example, as JSON:\n", "--json", "--json-schema", file.name,
                   "--temperature", str([0.0, 0.7, 1.0, 1.5][index % 4]), "--seed", str(index), "--threads", "1", "--max-tokens"]
        limit = [120, 400, 1][index % 3]
        done = subprocess.run(command + [str(limit)], capture_output=True, text=True)
        least = re.search(r"has (\d+) tokens, but only", done.stderr)
        if least:
            limit = int(least[1])
            done = subprocess.run(command + [str(limit)], capture_output=True, text=True)
        return done, limit


def checker():
    """The formats that jsonschema checks only with further packages are judged by the standard library here."""
    import jsonschema

    out = jsonschema.FormatChecker(["date", "email", "ipv4", "ipv6", "uuid"])
    def add(name, test):
        out.checks(name, ValueError)(lambda value: not isinstance(value, str) or bool(test(value)))

    add("date-time", lambda text: datetime.datetime.fromisoformat(text).tzinfo)
    add("time", lambda text: datetime.time.fromisoformat(text).tzinfo)
    add("hostname", lambda text: re.fullmatch(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*", text))
    add("uri", lambda text: urllib.parse.urlsplit(text).hostname and urllib.parse.urlsplit(text).port != 0)
    add("duration", lambda text: re.fullmatch(r"P(?=.)(\d+W|(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?)", text))
    return out


def judge(args, index, schema):
    import jsonschema

    done, limit = ask(args, index, schema)
    if done.returncode != 0:
        return "refused", done.stderr.strip(), 0
    answer = json.loads(done.stdout)
    try:
        value = json.loads(answer["text"])
        jsonschema.Draft202012Validator(schema, format_checker=checker()).validate(value)
    except Exception as error:  # no JSON, or not valid
        return "invalid", f"{type(error).__name__}: {str(error)[:200]} of {answer['text']!r} ({answer['finish_reason']})", 0
    if answer["generated_tokens"] > limit:
        return "invalid", f"{answer['generated_tokens']} tokens where {limit} are allowed", 0
    return "valid", answer["finish_reason"], answer["generated_tokens"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?")
    parser.add_argument("--write", nargs=2, metavar=("COUNT", "FILE"))
    parser.add_argument("--engine")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    if args.write:
        with open(args.write[1], "w", encoding="utf-8") as out:
            json.dump(schemas(int(args.write[0])), out, ensure_ascii=False, indent=None, separators=(",", ":"))
        return
    totals, ends, tokens = {}, {}, 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        jobs = [pool.submit(judge, args, i, s) for i, s in enumerate(schemas(args.count)) if i >= args.first]
        for i, job in enumerate(jobs, args.first):
            verdict, detail, count = job.result()
            totals[verdict] = totals.get(verdict, 0) + 1
            tokens += count
            if verdict == "valid":
                ends[detail] = ends.get(detail, 0) + 1
            else:
                print(i, verdict, detail, flush=True)
    print(json.dumps({"verdicts": totals, "finish_reasons": ends, "tokens": tokens}))
    sys.exit(totals.get("valid", 0) != len(jobs))


main()
