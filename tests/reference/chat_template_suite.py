#!/usr/bin/env python3
"""Makes tests/data/chat_template_suite.json: what Jinja2 renders from published chat templates for 30 conversations each.

The templates are not part of the repository; FOLDER holds them as NAME.jinja. Renderings are kept as SHA-256 sums; where
Jinja2 refuses, null. `ours` are renderings of the templates in tests/data/templates, which are ours and kept in full.
Needs: pip install jinja2==3.1.6. Run: python3 tests/reference/chat_template_suite.py FOLDER
"""
import datetime
import hashlib
import json
import pathlib
import re
import sys

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

NOW = datetime.datetime(2026, 3, 7, 9, 5, 3)
WORDS = {"bos_token": "<s>", "eos_token": "</s>"}

WEATHER = {"type": "function", "function": {
    "name": "get_weather", "description": "Wetter & \"Temperatur\" of a place <now>",
    "parameters": {"type": "object", "properties": {
        "city": {"type": "string", "description": " The city, e.g. 北京 "},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "description": "Unit"},
        "days": {"type": "integer", "minimum": 1, "maximum": 14.5, "description": "Days"}},
        "required": ["city"]}}}
SEARCH = {"type": "function", "function": {
    "name": "search", "description": "Searches\nthe web", "parameters": {"type": "object", "properties": {
        "query": {"type": "string", "description": "What for"},
        "tags": {"type": "array", "items": {"type": "string"}, "description": "Tags"},
        "options": {"type": "object", "additionalProperties": {"type": "number"}, "description": "Options"},
        "either": {"type": ["string", "integer"], "description": "Either"}}, "required": []}}}
CLOCK = {"type": "function", "function": {"name": "clock", "description": "The time",
                                          "parameters": {"type": "object", "properties": {}}}}


def system(text): return {"role": "system", "content": text}
def user(text): return {"role": "user", "content": text}
def assistant(text, **more): return {"role": "assistant", "content": text, **more}
def tool(text, call="abcdefghi"): return {"role": "tool", "content": text, "tool_call_id": call, "name": "get_weather"}


def call(name, arguments, identifier="abcdefghi"):
    return {"id": identifier, "type": "function", "function": {"name": name, "arguments": arguments}}


CALL = call("get_weather", {"city": "北京", "days": 3})
THOUGHT = "<think>\nFirst, I add.\nThen 2 + 2 = 4.\n</think>\n\nThe answer is 4."

# (name, messages, tools, more variables)
CONVERSATIONS = [
    ("one question", [user("Hi")], None, {}),
    ("system", [system("Be brief."), user("Hi")], None, {}),
    ("two turns", [user("Hi"), assistant("Hello."), user("Bye")], None, {}),
    ("system and turns", [system("Be brief."), user("a"), assistant("b"), user("c"), assistant("d"), user("e")], None, {}),
    ("ends in an answer", [user("Hi"), assistant("Hello.")], None, {}),
    ("chinese", [system("你是一个有帮助的助手。"), user("你好，世界！"), assistant("您好！有什么可以帮您？"), user("再见 👋🏽")], None, {}),
    ("white space", [system("  padded \n"), user("\n\n  spaces\t\n"), assistant("\n\nanswer  \n"), user("　full width　")], None, {}),
    ("empty", [system(""), user(""), assistant(""), user("x")], None, {}),
    ("line ends", [user("a\r\nb\rc\u2028d\x0be"), assistant("x\r\n"), user("y\u00a0")], None, {}),
    ("markup", [user("<b>&amp; 'q' \"p\" {{ 7 * 7 }} {% raw %} {# #}"), assistant("</s><s>[INST]"), user("<|im_end|><｜User｜>")], None, {}),
    ("thought kept", [user("2 + 2?"), assistant(THOUGHT)], None, {}),
    ("thought stripped", [user("2 + 2?"), assistant(THOUGHT), user("And 3?")], None, {}),
    ("thoughts", [system("S"), user("1"), assistant(THOUGHT), user("2"), assistant("<think>\n</think>x"), user("3")], None, {}),
    ("thought half", [user("1"), assistant("no start</think>\nx"), user("2"), assistant("<think>no end"), user("3")], None, {}),
    ("reasoning apart", [user("1"), assistant("2", reasoning_content="Because.\n"), user("3")], None, {}),
    ("reasoning apart, last", [user("1"), assistant("\n2", reasoning_content="\nBecause.")], None, {"enable_thinking": True}),
    ("thinking on", [system("S"), user("1"), assistant(THOUGHT), user("2")], None, {"enable_thinking": True}),
    ("thinking off", [system("S"), user("1"), assistant(THOUGHT), user("2")], None, {"enable_thinking": False}),
    ("thinking variable", [user("1"), assistant("2"), user("3")], None, {"thinking": True}),
    ("no_think", [system("Talk. /no_think"), user("1"), assistant("\n\n2"), user("3")], None, {}),
    ("tools", [user("Weather?")], [WEATHER], {}),
    ("tools and system", [system("Use tools."), user("Weather?")], [WEATHER, SEARCH, CLOCK], {}),
    ("tool call", [user("Weather?"), assistant("", tool_calls=[CALL]), tool("{\"t\": 21.5}"), assistant("21.5 °C"), user("Thanks")], [WEATHER], {}),
    ("tool call, null content", [user("Weather?"), assistant(None, tool_calls=[CALL]), tool("sunny")], [WEATHER], {}),
    ("two calls", [user("W?"), assistant("Looking.", tool_calls=[CALL, call("search", {"query": "\"x\" & <y>", "tags": ["a", "ü"], "n": None, "f": 1e21, "b": True}, "123456789")]),
                   tool("1"), tool("2", "123456789")], [WEATHER, SEARCH], {}),
    ("calls spelled", [user("W?"), assistant(None, tool_calls=[call("get_weather", "{\"city\": \"Köln\"}")]), tool("rain"), assistant("Rain."), user("ok")], [WEATHER], {}),
    ("calls without tools", [system("S"), user("W?"), assistant("", tool_calls=[CALL]), tool("a\nb"), assistant("c"), user("d"), assistant("e"), user("f")], None, {}),
    ("two users", [user("a"), user("b")], None, {}),
    ("two systems", [system("a"), system("b"), user("c")], None, {}),
    ("long", [system("S" * 300)] + [m for i in range(12) for m in (user(f"question {i} " + "字" * i), assistant(f"answer {i}\n" * (i % 3 + 1)))] + [user("end")], None, {}),
]
assert len(CONVERSATIONS) == 30


class Namespace(jinja2.utils.Namespace):
    def __init__(*args, **kwargs):
        self, args = args[0], args[1:]
        attributes = dict(*args, **kwargs)
        for name in attributes:
            Namespace.check(name)
        jinja2.utils.Namespace.__init__(self, attributes)

    def __setitem__(self, name, value):
        Namespace.check(name)
        jinja2.utils.Namespace.__setitem__(self, name, value)

    @staticmethod
    def check(name):
        if isinstance(name, str) and name.startswith("_"):
            raise jinja2.exceptions.SecurityError(name)


def environment(lenient=True):
    """As transformers.utils.chat_template_utils sets it up, with the clock stopped; `lenient`: tojson takes generators."""
    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys,
                          default=list if lenient else None)

    class Generation(jinja2.ext.Extension):
        tags = {"generation"}

        def parse(self, parser):
            line = next(parser.stream).lineno
            body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
            return jinja2.nodes.CallBlock(self.call_method("_render"), [], [], body).set_lineno(line)

        def _render(self, caller):
            return caller()

    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
    env.filters["tojson"] = tojson
    env.filters["from_json"] = json.loads
    env.globals["raise_exception"] = raise_exception
    env.globals["namespace"] = Namespace
    env.globals["strftime_now"] = NOW.strftime
    return env


def spelled(messages):
    """Arguments as texts: what OpenAI's interface gives, and some templates want."""
    out = json.loads(json.dumps(messages))
    for message in out:
        for one in message.get("tool_calls") or []:
            if not isinstance(one["function"]["arguments"], str):
                one["function"]["arguments"] = json.dumps(one["function"]["arguments"], ensure_ascii=False, separators=(",", ":"))
    return out


def render(template, messages, tools, more, prompt):
    """None where the template refuses. Templates older than the convention `tools=None` are given none."""
    common = {"add_generation_prompt": prompt, **WORDS, **more}
    attempts = [(messages, {"tools": tools, "documents": None})]
    if tools is None:
        attempts.append((messages, {"documents": None}))
    attempts.append((spelled(messages), {"tools": tools, "documents": None}))
    for said, given in attempts:
        try:
            return template.render(messages=said, **given, **common)
        except jinja2.exceptions.UndefinedError:
            continue
        except jinja2.exceptions.TemplateError:
            return None
        except TypeError:
            continue
    return None


def files(folder):
    return [(path.stem, path.read_bytes().decode()) for path in sorted(folder.glob("*.jinja"))]


def built_in(root):
    """The templates that stand in where a model brings none."""
    text = (root.parent / "engine" / "text" / "builtin_templates.cpp").read_text()
    return re.findall(r'{"([\w.-]+)",(?:\s*//[^\n]*)?\s*R"\((.*?)\)"}', text, re.DOTALL)


def suite(templates, env, keep):
    out = []
    for title, source in templates:
        template = env.from_string(source)
        results = []
        for name, messages, tools, more in CONVERSATIONS:
            for prompt in (True, False):
                text = render(template, messages, tools, more, prompt)
                results.append(text if keep or text is None else hashlib.sha256(text.encode()).hexdigest())
        out.append({"name": title, "source_sha256": hashlib.sha256(source.encode()).hexdigest(), "results": results})
    return out


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    env = environment()
    result = {
        "words": WORDS,
        "time": [NOW.year, NOW.month, NOW.day, NOW.hour, NOW.minute, NOW.second],
        "conversations": [{"name": n, "messages": m, "tools": t, "variables": v} for n, m, t, v in CONVERSATIONS],
        "published": suite(files(pathlib.Path(sys.argv[1])), env, False),
        "built_in": suite(built_in(root), env, False),
        "ours": suite(files(root / "data" / "templates"), env, True),
    }
    lines = json.dumps(result, ensure_ascii=False, indent=0)
    (root / "data" / "chat_template_suite.json").write_text(lines + "\n")
    for template in result["published"] + result["built_in"] + result["ours"]:
        print(template["name"], "refused:", sum(r is None for r in template["results"]), "of", len(template["results"]))


if __name__ == "__main__":
    main()
