#!/usr/bin/env python3
"""Makes tests/data/jinja_hostile.json: 200 and more templates that loop, recurse, grow or reach for what they must not.

A template is a list of [text, times] in a row, so that long ones stay short here; `ends` says how it has to end: "error",
or "any" where a text is as good (what is harmless for the interpreter need not be refused).
Run: python3 tests/reference/jinja_hostile.py
"""
import json
import pathlib

CASES = []


def case(name, *parts, ends="error"):
    CASES.append({"name": name, "ends": ends, "parts": [[p, 1] if isinstance(p, str) else list(p) for p in parts]})


R = "range(100000)"
# Loops.
for depth in (2, 3, 5, 9):
    case(f"{depth} loops", *[(f"{{% for a{i} in {R} %}}", 1) for i in range(depth)], "x", ("{% endfor %}", depth))
    case(f"{depth} silent loops", *[(f"{{% for a{i} in {R} %}}", 1) for i in range(depth)], ("{% endfor %}", depth))
    case(f"{depth} loops over text", "{% set s = 'ab' * 20000 %}", ("{% for a in s %}", depth), ("{% endfor %}", depth))
    case(f"{depth} loops over lists", "{% set l = [1] * 50000 %}", ("{% for a in l %}", depth), ("{% endfor %}", depth))
case("loop that sets", "{% set ns = namespace(x=0) %}", (f"{{% for a in {R} %}}", 2), "{% set ns.x = ns.x + 1 %}", ("{% endfor %}", 2))
case("huge range", "{% for a in range(10 ** 18) %}{% endfor %}")
case("huge range listed", "{{ range(10 ** 12) | list | length }}")
case("negative range", "{{ range(10 ** 18, -(10 ** 18), -1) | list }}")
case("widest range", "{{ range(-9223372036854775807, 9223372036854775807) | length }}")
case("range contains", f"{{% for a in {R} %}}{{{{ 99999 in {R} }}}}{{% endfor %}}")
case("range sum", f"{{% for a in {R} %}}{{{{ {R} | sum }}}}{{% endfor %}}")
case("filtered loops", (f"{{% for a in {R} if a %}}", 3), ("{% endfor %}", 3))
case("loop filter with work", f"{{% for a in {R} if ({R} | list | length) > a %}}{{% endfor %}}")
case("recursive loop", "{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}")
case("recursive loop, two ways", "{% for a in [1, 2] recursive %}{{ loop([1, 2]) }}{% endfor %}")
case("recursive loop kept", "{% set ns = namespace() %}{% for a in [1] recursive %}{% set ns.l = loop %}{% endfor %}{{ ns.l([1]) }}")
case("loop kept", "{% set ns = namespace() %}{% for a in [1] %}{% set ns.l = loop %}{% set ns.c = loop.cycle %}{% endfor %}{{ ns.l.index }}{{ ns.c(1) }}", ends="any")
case("call blocks for ever", "{% macro m() %}{% call m() %}{% endcall %}{% endmacro %}{{ m() }}")
# Recursion.
case("macro calls itself", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")
case("macro calls itself twice", "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}")
case("two macros", "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}")
case("macro by default", "{% macro m(x=m()) %}{% endmacro %}{{ m() }}")
case("macro by argument", "{% macro m(f) %}{{ f(f) }}{% endmacro %}{{ m(m) }}")
case("macro through a namespace", "{% set ns = namespace() %}{% macro m() %}{{ ns.m() }}{% endmacro %}{% set ns.m = m %}{{ m() }}")
case("macro in a loop", f"{{% macro m(n) %}}{{% if n %}}{{% for a in [1, 2] %}}{{{{ m(n - 1) }}}}{{% endfor %}}{{% endif %}}{{% endmacro %}}{{{{ m(90) }}}}")
case("macro grows", "{% macro m(s) %}{{ m(s ~ s) }}{% endmacro %}{{ m('xxxxxxxx') }}")
case("macro doubles output", "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% else %}xxxxxxxxxxxxxxxx{% endif %}{% endmacro %}{{ m(60) }}")
for n in (10, 20, 40):
    text = "{% macro m0() %}xxxxxxxxxxxxxxxx{% endmacro %}" + "".join(f"{{% macro m{i}() %}}{{{{ m{i - 1}() }}}}{{{{ m{i - 1}() }}}}{{% endmacro %}}" for i in range(1, n + 1))
    case(f"{n} macros, each twice the last", text + f"{{{{ m{n}() }}}}", ends="any" if n == 10 else "error")
    text = "{% set a0 = 'xxxxxxxxxxxxxxxx' %}" + "".join(f"{{% set a{i} = a{i - 1} ~ a{i - 1} %}}" for i in range(1, n + 1))
    case(f"{n} strings, each twice the last", text + f"{{{{ a{n} | length }}}}", ends="error" if n == 40 else "any")
    text = "{% set a0 = [1, 2, 3, 4] %}" + "".join(f"{{% set a{i} = a{i - 1} + a{i - 1} %}}" for i in range(1, n + 1))
    case(f"{n} lists, each twice the last", text + f"{{{{ a{n} | length }}}}", ends="any" if n == 10 else "error")
    text = "{% set a0 = [1] %}" + "".join(f"{{% set a{i} = [a{i - 1}, a{i - 1}] %}}" for i in range(1, n + 1))
    for how in ("{{ a%d }}", "{{ a%d | tojson }}", "{{ a%d == a%d }}{{ 1 }}" , "{{ [a%d] | sort }}{{ a%d < a%d }}", "{{ a%d | string | length }}", "{{ '%%s' %% a%d }}"):
        count = how.replace("%%", "").count("%d")
        case(f"{n} lists of the last twice, {how[:14]}", text + how % ((n,) * count), ends="any" if n == 10 or "sort" in how else "error")
    text = "{% set a0 = {} %}" + "".join(f"{{% set a{i} = {{'x': a{i - 1}, 'y': a{i - 1}}} %}}" for i in range(1, n + 1))
    case(f"{n} dictionaries of the last twice", text + f"{{{{ a{n} }}}}", ends="any" if n == 10 else "error")
# Memory.
for text in ("'x' * 10 ** 9", "'x' * 9223372036854775807", "10 ** 9 * 'xyz'", "[1] * 10 ** 9", "(1, 2) * 10 ** 15", "'%1000000000d' % 1", "'%.1000000000f' % 1.5", "'{:1000000000}'.format(1)",
             "'x'.center(10 ** 9)", "'x'.ljust(10 ** 12)", "'x'.zfill(10 ** 10)", "'x'.rjust(10 ** 9, 'ab')" , "'x' | center(10 ** 9)", "'a\\nb' | indent(10 ** 9)", "[1] | batch(10 ** 9, 'x') | list",
             "[1] | slice(10 ** 9) | list", "{'a': 1} | tojson(indent=10 ** 9)", "('x' * 10 ** 6).replace('x', 'y' * 10 ** 6)", "('x' * 10 ** 6).replace('', 'y' * 1000)", "('x' * 10 ** 5) | replace('x', 'y' * 10 ** 5)",
             "('a,' * 10 ** 5).split(',') | join('x' * 10 ** 5)", "('x' * 10 ** 5).join(['a'] * 10 ** 5)", "'x' * -1 * 10 ** 10 ~ 'y' * 10 ** 10", "('x' * 10 ** 7) | list | length", "('x' * 10 ** 7) | sort | length",
             "('é' * 10 ** 7)[::-1][::-1][::-1][::-1] | length", "('x' * 10 ** 7) | tojson | tojson | tojson | tojson | length", "('x ' * 10 ** 7).split() | length", "('<' * 10 ** 7) | e | e | length", "('x' * 10 ** 7) | upper | lower | upper | lower | upper | title | title | length",
             "range(100000) | map('string') | map('center', 10000) | list | length", "range(100000) | list * 1000", "(range(100000) | list) * 1000", "([[0] * 1000] * 10 ** 5) | string | length", "([[0] * 1000] * 100000) | map('sum') | sum", "[range(100000)] * 1000 | map('list') | list"):
    case(f"memory: {text[:46]}", "{{ " + text + " }}")
case("string in a loop", "{% set ns = namespace(s='x' * 1000) %}" + f"{{% for a in {R} %}}{{% set ns.s = ns.s + ns.s %}}{{% endfor %}}")
case("string grows slowly", "{% set ns = namespace(s='') %}" + f"{{% for a in {R} %}}{{% set ns.s = ns.s + 'xxxxxxxxxxxxxxxxxxxxxxxx' %}}{{% endfor %}}")
case("list grows slowly", "{% set ns = namespace(l=[]) %}" + f"{{% for a in {R} %}}{{% set ns.l = ns.l + [a] %}}{{% endfor %}}")
case("list nests", "{% set ns = namespace(l=[]) %}" + f"{{% for a in {R} %}}{{% set ns.l = [ns.l] %}}{{% endfor %}}")
case("dictionary nests", "{% set ns = namespace(l={}) %}" + f"{{% for a in {R} %}}{{% set ns.l = {{'a': ns.l}} %}}{{% endfor %}}")
case("generator nests", "{% set ns = namespace(l=[]) %}" + f"{{% for a in {R} %}}{{% set ns.l = [ns.l] | select %}}{{% endfor %}}")
case("tuples nest", "{% set ns = namespace(l=()) %}" + f"{{% for a in {R} %}}{{% set ns.l = (ns.l,) %}}{{% endfor %}}")
case("namespaces nest", "{% set ns = namespace() %}" + f"{{% for a in {R} %}}{{% set ns.n = namespace(n=ns.n) %}}{{% endfor %}}{{{{ ns }}}}")
case("macros kept", "{% set ns = namespace(l=[]) %}" + f"{{% for a in {R} %}}{{% macro m() %}}{{{{ a }}}}{{% endmacro %}}{{% set ns.m = m %}}{{% endfor %}}", ends="any")
case("many namespaces", f"{{% for a in {R} %}}{{% for b in {R} %}}{{% set x = namespace(a=b) %}}{{% endfor %}}{{% endfor %}}")
case("many cyclers", f"{{% for a in {R} %}}{{% for b in {R} %}}{{% set x = cycler(1, 2) %}}{{% endfor %}}{{% endfor %}}")
case("namespace in itself", "{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }}")
case("namespace in its list", "{% set ns = namespace() %}{% set ns.a = [ns] %}{{ ns.a }}")
case("namespaces in a ring", "{% set a = namespace() %}{% set b = namespace(a=a) %}{% set a.b = b %}{{ a == b }}{{ [a] == [b] }}{{ a | string }}")
case("namespace as JSON", "{% set ns = namespace() %}{% set ns.a = [ns] %}{{ ns.a | tojson }}")
case("output", f"{{% for a in {R} %}}{'x' * 1000}{{% endfor %}}")
case("output of a long string", "{% set s = 'x' * 1000000 %}" + f"{{% for a in {R} %}}{{{{ s }}}}{{% endfor %}}")
case("captured output", f"{{% set t %}}{{% for a in {R} %}}{'x' * 1000}{{% endfor %}}{{% endset %}}")
case("captures in captures", ("{% set t %}", 90), "x", ("{{ t }}{% endset %}", 90), ends="any")
case("filter blocks", ("{% filter upper %}", 90), "x" * 1000, ("{% endfilter %}", 90), ends="any")
# Nesting of the source.
for n in (1000, 100000):
    for name, left, middle, right in (("parentheses", "(", "1", ")"), ("brackets", "[", "1", "]"), ("dictionaries", "{'a': ", "1", "}"), ("nots", "not ", "1", ""), ("signs", "- ", "1", ""), ("calls", "m(", "1", ")"),
                                      ("indices", "l[", "0", "]"), ("conditions", "1 if 1 else ", "1", ""), ("tuples", "(", "1", ",)"), ("tests", "1 is eq(", "1", ")"), ("filters", "1 | default(", "1", ")"), ("spreads", "m(*", "l", ")")):
        case(f"{n} {name}", "{{ ", (left, n), middle, (right, n), " }}")
        case(f"{n} open {name}", "{{ ", (left, n))
    for name, link in (("sums", " + 1"), ("products", " * 1"), ("joins", " ~ 1"), ("attributes", ".a"), ("items", "[0]"), ("filters", " | string"), ("calls", "()"), ("ands", " and 1"), ("ors", " or 1"), ("powers", " ** 1"), ("comparisons", " < 1"), ("conditions", " if 1"), ("strings", " 'x'"), ("tests", " is defined")):
        case(f"{n} {name} in a row", "{{ 1", (link, n), " }}", ends="any")
    for name, left, right in (("ifs", "{% if 1 %}", "{% endif %}"), ("fors", "{% for a in [1] %}", "{% endfor %}"), ("withs", "{% with %}", "{% endwith %}"), ("macros", "{% macro m() %}", "{% endmacro %}"), ("sets", "{% set a %}", "{% endset %}"), ("filters", "{% filter upper %}", "{% endfilter %}"), ("call blocks", "{% call m() %}", "{% endcall %}")):
        case(f"{n} {name}", (left, n), (right, n))
case("many elifs", "{% if 0 %}", ("{% elif 0 %}", 50000), "{% endif %}", ends="any")
case("many sets", ("{% set a = 1 %}", 50000), ends="any")
case("many names", "".join(f"{{% set a{i} = 1 %}}" for i in range(3000)), "{% for i in range(100000) %}{{ nope }}{% endfor %}")
case("many parameters", "{% macro m(", "".join(f"a{i}," for i in range(3000)), "z) %}{% endmacro %}{% for i in range(100000) %}{{ m() }}{% endfor %}")
case("many keys", "{% set d = {", "".join(f"'a{i}': 1," for i in range(5000)), "} %}{% for i in range(100000) %}{{ d.nope }}{{ d['zz'] }}{% endfor %}")
case("too long a source", ("x" * 100, 20000))
case("long text", ("x" * 100, 9000), ends="any")
case("long name", "{{ ", ("a", 500000), " }}", ends="any")
case("long number", "{{ ", ("9", 100000), " }}")
case("open braces", ("{", 100001), ends="any")
case("open outputs", ("{{", 50000))
case("open blocks", ("{%", 50000))
case("open comments", ("{#", 50000))
case("comments", ("{# x #}", 50000), ends="any")
case("raw blocks", ("{% raw %}{% endraw %}", 20000), ends="any")
case("open raw", "{% raw %}", ("{% endra %}", 20000))
# Reaching out.
for text in ("''.__class__", "''.__class__.__mro__[1].__subclasses__()", "[].__class__.__base__", "().__class__", "{}.__class__", "messages.__class__", "range.__globals__", "namespace.__init__.__globals__", "cycler.__init__.__globals__.os",
             "raise_exception.__code__", "messages[0]['__class__'].x", "''['__class__'].x", "'' | attr('__class__')", "[''] | map(attribute='__class__') | list", "[''] | selectattr('__class__') | list", "'{0.__class__}'.format('')", "'{x.__class__}' .format(x=1)",
             "self.__init__", "lipsum.__globals__['os'].popen('id')", "config.items()", "request.application", "loop.__class__", "(1).__class__", "1.5.__class__", "none.__class__", "true.__class__", "open('/etc/passwd')", "import('os')", "eval('1')",
             "__import__('os')", "get_flashed_messages.__globals__", "messages.append(1)", "messages[0].update({})", "messages[0].pop('role')", "messages.sort()", "'x' | random", "[1, 'a', none] | sort", "[{}, {}] | sort", "[1, 'a'] | max", "{[]: 1}", "{'a': 1}[[]] + 1", "messages | sort", "1 < 'a'",
             "9223372036854775807 + 1", "-9223372036854775807 - 2", "9223372036854775807 * 2", "10 ** 10 ** 10", "2 ** 63", "1 // 0", "1 % 0", "1.0 / 0", "0 ** -1", "[][0][0]", "'abc'[::0]", "strftime_now('%' * 10 ** 7 ~ 'Y')", "raise_exception('x' * 10 ** 6)", "raise_exception(messages)", "raise_exception()",
             "'x'.split('')", "('a' * 10 ** 6).rfind('a' * 5 * 10 ** 5)", "('a' * 10 ** 7).count('aaaab')", "('a' * 10 ** 7).find('a' * 10 ** 6 ~ 'b')", "('ab' * 10 ** 6).strip('ab' * 10 ** 5)", "('a' * 10 ** 6).split('a') | length", "('a' * 10 ** 5).rsplit('a') | length", "'[' * 10 ** 6 | from_json", "('[' * 10 ** 6) | from_json", "('[' * 150 ~ ']' * 150) | from_json", "('[' * 100000 ~ ']' * 100000) | from_json", "'x' | from_json"):
    slow_but_fine = any(p in text for p in ("rfind", "count(", "find(", "strip(", "split('a')", "150", "None", "{'a': 1}[[]]")) or text in ("config.items()", "range.__globals__", "'' | attr('__class__')")
    case(f"reach: {text[:60]}", "{{ " + text + " }}", ends="any" if slow_but_fine else "error")
DOUBLED = "{% set ns = namespace(s='é你') %}{% for a in range(21) %}{% set ns.s = ns.s + ns.s %}{% endfor %}"
for text in ("[ns.s]", "ns.s.title()", "ns.s.swapcase()", "ns.s.isalpha()", "ns.s.isupper()", "ns.s | title", "[ns.s, ns.s] | sort", "ns.s | upper | length", "ns.s | tojson(ensure_ascii=true) | length", "'%r' % ns.s", "ns.s is upper", "ns.s.split('é') | length"):
    case(f"long text beyond ASCII: {text}", DOUBLED + "{{ " + text + " }}", ends="any")
case("JSON with many keys", "{{ ('{\"' ~ (range(100000) | join('\":1,\"')) ~ '\":1}') | from_json | length }}")
case("map in map", "{{ [[[[[1]]]]] | map('map', 'map', 'map', 'map', 'list') | list }}", ends="any")
case("maps for ever", f"{{{{ {R} | map('batch', 1) | map('list') | map('map', 'list') | map('list') | map('string') | join | length }}}}", ends="any")
case("unique", f"{{{{ {R} | unique | list | length }}}}")
case("groupby", f"{{{{ {R} | map('string') | map('list') | groupby(0) | length }}}}", ends="any")
case("sort with work", f"{{% for a in {R} %}}{{{{ {R} | sort(reverse=true) | first }}}}{{% endfor %}}")
case("keys with work", "{% set ns = namespace(d={}) %}" + f"{{% for a in {R} %}}{{% set ns.d = dict(ns.d, **{{a | string: a}}) %}}{{% endfor %}}")
case("cycler kept", "{% set c = cycler(*range(100000)) %}" + f"{{% for a in {R} %}}{{% for b in {R} %}}{{{{ c.next() }}}}{{% endfor %}}{{% endfor %}}")
case("formats", f"{{% for a in {R} %}}{{{{ '%9999d' % 1 }}}}{{% endfor %}}")
case("nul bytes", "{{ '\x00' * 3 }}\x00{% if '\x00' %}\x00{% endif %}", ends="any")
case("odd characters", "{{ 'a' \u00a0~\u3000'b' }}\ufeff{% if\u2003t %}x{% endif %}", ends="any")


def main():
    target = pathlib.Path(__file__).resolve().parent.parent / "data" / "jinja_hostile.json"
    target.write_text(json.dumps(CASES, ensure_ascii=False, indent=0) + "\n")
    print(len(CASES), "templates,", target.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
