#!/usr/bin/env python3
"""Makes tests/data/jinja_language.json: what Jinja2 3.1.6 renders from small templates that exercise its language.

The environment is the one of chat_template_suite.py. A template Jinja2 refuses has null for a text.
Left out is where Hadal differs on purpose: integers beyond 64 bits and attributes such as __class__ are refused, and
tojson takes what keys() and map() give.
Needs: pip install jinja2==3.1.6. Run: python3 tests/reference/jinja_language.py
"""
import json
import pathlib

import jinja2

from chat_template_suite import environment

VARIABLES = {
    "n": 7, "f": 2.5, "t": True, "no": None, "s": "Hello, Wörld 你好", "e": "", "sp": "  a b\tc \n", "l": [3, 1, 2],
    "words": ["pear", "Apple", "fig", "apple"], "d": {"b": 1, "a": [1, {"x": None}], "items": 5, "C": True}, "neg": -7,
    "people": [{"name": "Ann", "age": 31, "city": {"n": "Rom"}}, {"name": "bob", "age": 25, "city": {"n": "Oslo"}}, {"name": "Cy", "age": 31}],
    "tree": [{"v": 1, "k": [{"v": 2, "k": []}, {"v": 3, "k": [{"v": 4, "k": []}]}]}], "big": 12345678901234, "q": "it's \"x\"\n\\ é\u200b",
    "nested": [[1, 2], [3, [4]]], "zero": 0, "lines": "a\nb\n\nc", "text": "a.b.c", "json": "{\"a\": [1, 2.0, null, \"ü\"]}",
}

EXPRESSIONS = r"""
1 + 2 * 3 - 4 / 2 | 2 ** 3 ** 2 | -2 ** 2 | 7 // 2 | -7 // 2 | 7 % 3 | -7 % 3 | 7 % -3 | 7.5 // 2 | 7.5 % 2 | -7.5 % 2 | 1 / 3 | 10 / 5 | 1e3 | 1e16 | 1e15 | 0.1 + 0.2 | 1e-5 | 0.0001 | 123456789.123 | 1e100 | 5e-324 | 1.0
1_000 + 0x1F + 0b11 + 0o17 | big * 3 | 2 ** 62 | 2 ** -1 | 0 ** 0 | n / zero | n % zero | 3 * 'ab' | 'ab' * 3 | 'ab' * -1 | [1, 2] * 2 | (1,) * 2 | t + 1 | t * 'x' | - t | + n | not n | not e
'a' ~ 1 ~ none ~ true ~ 1.5 ~ [1] | 'a' 'b' | "tab\tnl\\n\x41\u00e9\101" | 'un\known' | 1 ~ 2 ~ undefined_thing ~ 3 | 'a' + 'b' + s | [1] + [2] | (1,) + (2, 3) | 'a' + 1 | 1 + none | d + d
s[0] | s[-1] | s[7:12] | s[::-1] | s[::2] | s[100] | s[1:100] | s[-3:] | l[0] | l[-1] | l[5] | l[1:] | l[::-1] | l[-2:0:-1] | l[:] | l[10:] | l[::0] | s['x'] | d['b'] | d['nope'] | d.nope | d.nope.x | d['items'] | d.items | none.x | n.x | nope | nope.x | nope[0] | nope + 1 | nope ~ '' | no.foo
d.a[1].x | d.a.0 | people[0].city.n | people[2].city.n | people[2].city | d.get('b') | d.get('z') | d.get('z', 9) | d.get('z', default=9) | d.keys() | d.values() | d.items() | d.keys() | d.items() | d.keys()
d.items() | d | l | nested | people[0] | [none, true, 1.5, 'x', "it's", q] | (1,) | () | (1, 2) | {'a': (1, 'b')} | {} | [] | {1: 2, none: 3, true: 4} | q | [q] | {'k': [1, {'z': []}]} | [1.0, 1e20, -0.0]
1 == 1.0 | 1 == true | '1' == 1 | none == none | [1, 2] == [1, 2] | {'a': 1, 'b': 2} == {'b': 2, 'a': 1} | (1,) == [1] | 'a' < 'b' | 1 < 2 < 3 | 1 < 2 > 5 | [1, 2] < [1, 3] | 1 < 'a' | 'é' > 'z' | none < 1 | nope == nope | nope == none | 1 != 2 | not 1 == 2 | nope < 1 | 1.5 >= 1
'ell' in s | 'x' not in s | 3 in l | 'b' in d | 'z' in d | 1 in nope | 1 in 'abc' | none in [none] | 1 in n | '' in '' | 3 not in l | 'a' in ['a'] and true or false
true and 'x' | '' or 'y' | 0 or none | n and 0 | false or false | 'a' if t else 'b' | 'a' if e | 'a' if e else 'b' if zero else 'c' | (1 if t else 2) + 1 | 1 if nope is defined else 2
s.upper() | s.lower() | s.title() | s.capitalize() | s.swapcase() | 'ß'.upper() | 'ÉCOLE'.lower() | 'they\'re bill\'s'.title() | 'hello world'.capitalize() | 'Ǆ'.lower()
sp.strip() | sp.lstrip() | sp.rstrip() | 'xxaxx'.strip('x') | 'abcab'.lstrip('ab') | 'abcab'.rstrip('ba') | '你好a你'.strip('你') | '\u3000a\u00a0'.strip() | 'a'.strip(none)
'a,b,,c'.split(',') | ' a  b '.split() | 'a b c'.split(' ', 1) | 'a b c '.split(none, 1) | 'a,b,c'.rsplit(',', 1) | ' a b c'.rsplit(none, 1) | 'a'.split('') | text.split('.')[-1] | 'abc'.split('x') | ''.split() | ''.split('x') | lines.splitlines() | lines.splitlines(true) | 'a</think>b</think>c'.split('</think>')[-1] | 'a b c'.split(maxsplit=1) | 'a b'.split(sep=' ')
'a-b-c'.partition('-') | 'a-b-c'.rpartition('-') | 'abc'.partition('x') | s.startswith('Hel') | s.endswith('好') | s.startswith(('x', 'H')) | 'abc'.startswith('b', 1) | 'abcabc'.find('c') | 'abcabc'.rfind('c') | 'abc'.find('z') | s.find('好') | 'abcabc'.count('bc') | 'aaa'.count('aa') | 'abc'.count('') | 'abc'.index('z') | 'abc'.index('c') | 'a.b'.replace('.', '-') | 'aaa'.replace('a', 'b', 2) | 'ab'.replace('', '-') | 'ab'.removeprefix('a') | 'ab'.removesuffix('b') | 'ab'.removesuffix('x')
', '.join(words) | '-'.join('abc') | ','.join([1]) | 'a{}b{}'.format(1, 'x') | '{1}{0}'.format('a', 'b') | '{x}-{y}'.format(x=1, y=none) | '{{}}'.format() | '{:>5}|{:<5}|{:^5}'.format('a', 'b', 'c') | '{:.2f}'.format(3.14159) | '{:05d}'.format(42) | '{:5d}|'.format(42) | '{0.x}'.format(d)
'%s %d %.2f' % ('a', 3, 2.5) | '%5s|%-5s|' % ('a', 'b') | '%05d' % 42 | '%x %X %o' % (255, 255, 8) | '%r' % 'a' | '%%' % () | '%s' % none | '%(a)s' % {'a': 1} | '%s' % (1, 2) | '%d' % 'x' | '%s' % [1, 2] | '%+d' % 5 | '%e' % 12345.678 | '%c' % 'x'
'123'.isdigit() | 'abc'.isalpha() | 'ab1'.isalnum() | ' '.isspace() | 'AB'.isupper() | 'ab1'.islower() | ''.isdigit() | '你'.isalpha() | '١'.isdigit() | 'x'.zfill(3) | '-5'.zfill(4) | 'a'.center(4) | 'ab'.center(5, '*') | 'a'.ljust(3) ~ '|' | 'a'.rjust(3, '.') | 'abc'.isascii() | 'é'.isascii()
l.index(1) | l.index(9) | l.count(3) | l.append(4) | d.update({}) | d.pop('b') | l.sort() | (1, 2).index(2) | d.copy() | (1.0).is_integer() | s.nope | s.nope() | ''.__class__.__mro__ | s | s.foo.bar
range(3) | range(3) | list(range(3)) | dict(a=1, b=2) | dict({'x': 1}, y=2) | dict([('a', 1)]) | namespace(a=1).a | namespace(a=1).b | range(2, 8, 3) | range(100001) | range(0)
'%s' | cycler('a', 'b').next() | joiner()() | lipsum | strftime_now('%Y-%m-%d %H:%M:%S %A %B %j %y %b %a %d %e %I %p %%') | raise_exception('x') | strftime_now('%d %b %Y') | strftime_now('%B %-d') | strftime_now()
"""

FILTERS = r"""
s|upper ;; s|lower ;; s|title ;; "they're bill's-x (y)"|title ;; s|capitalize ;; sp|trim ;; 'xax'|trim('x') ;; 5|upper ;; none|upper ;; nope|upper ;; s|length ;; l|count ;; d|length ;; n|length ;; nope|length ;; 'a'|center(5) ;; s|wordcount
l|first ;; l|last ;; []|first ;; s|first ;; s|last ;; ''|last ;; d|first ;; l|sum ;; people|sum(attribute='age') ;; [0.1, 0.2]|sum ;; []|sum ;; l|sum(start=10) ;; ['a']|sum ;; l|min ;; l|max ;; words|min ;; words|max ;; words|max(case_sensitive=true) ;; []|max ;; people|max(attribute='age') ;; people|min(attribute='name')
l|sort ;; l|sort(reverse=true) ;; words|sort ;; words|sort(case_sensitive=true) ;; people|sort(attribute='age')|map(attribute='name')|join(',') ;; people|sort(attribute='age,name', reverse=true)|map(attribute='name')|join ;; [1, 'a']|sort ;; d|sort ;; s|sort ;; [3.5, 1, true]|sort ;; [[2], [1]]|sort
d|dictsort ;; {'b': 1, 'A': 2}|dictsort ;; {'b': 1, 'A': 2}|dictsort(true) ;; {'b': 1, 'A': 2}|dictsort(by='value') ;; {'b': 1, 'A': 2}|dictsort(reverse=true) ;; l|dictsort ;; {'a':1}|dictsort(by='x')
words|unique|list ;; words|unique(case_sensitive=true)|list ;; people|unique(attribute='age')|map(attribute='name')|list ;; l|reverse|list ;; s|reverse ;; words|join ;; words|join(', ') ;; people|join('-', attribute='name') ;; [1, none, 2.5]|join('/') ;; s|join('.') ;; nope|join ;; d|join(',') ;; l|join(d=' ')
people|map(attribute='name')|list ;; people|map(attribute='city.n')|list ;; people|map(attribute='city.n', default='?')|list ;; words|map('upper')|list ;; words|map('replace', 'p', 'P')|list ;; l|map('string')|list ;; [[1, 2], [3, 4]]|map('first')|list ;; [[1, 2]]|map(attribute=1)|list ;; l|map('nofilter')|list ;; l|map|list ;; nope|map('upper')|list
l|select('odd')|list ;; l|reject('odd')|list ;; [0, 1, '', 'a']|select|list ;; [0, 1, '', 'a']|reject|list ;; l|select('gt', 1)|list ;; l|select('in', [1, 2])|list ;; people|selectattr('age', 'equalto', 31)|map(attribute='name')|list ;; people|rejectattr('age', '==', 31)|map(attribute='name')|list ;; people|selectattr('city')|list|length ;; people|selectattr('city', 'defined')|list|length ;; people|selectattr('city.n', 'eq', 'Rom')|list|length ;; words|select('notest')|list ;; words|reject('equalto', 'fig')|join(', ')
people|selectattr('nope')|length ;; people|groupby('age')|length ;; nope|default('x') ;; e|default('x') ;; e|default('x', true) ;; e|d('x', boolean=true) ;; none|default('x') ;; nope|default ;; nope.x|default('y') ;; d.nope|default(5) ;; zero|default(1, true)
'42'|int ;; '42.9'|int ;; 'x'|int ;; 'x'|int(5) ;; '0x1F'|int(base=16) ;; '1F'|int(0, 16) ;; 3.99|int ;; -3.99|int ;; none|int ;; [1]|int(7) ;; ' 12 '|int ;; '1_000'|int ;; true|int ;; '3.5'|float ;; 'x'|float ;; 'x'|float(1.5) ;; 3|float ;; '1e3'|float ;; -5|abs ;; -5.5|abs ;; 'a'|abs
2.5|round ;; 3.5|round ;; 2.675|round(2) ;; 2.5|round(0, 'ceil') ;; 2.5|round(method='floor') ;; 42.1234|round(2, 'ceil') ;; 7|round ;; 1234.5|round(-2) ;; -2.5|round ;; 0.5|round ;; 2.5|round|int ;; 'x'|round
1|string ;; none|string ;; l|string ;; 1.0|string ;; '<a>&"x"'|e ;; '<a href=\'x\'>'|escape ;; '<b>'|safe ;; 5|escape ;; 'a\nb\n\nc'|indent ;; 'a\nb\n\nc'|indent(2, true) ;; 'a\nb\n\nc'|indent(2, blank=true) ;; 'a\nb\n'|indent(2) ;; ''|indent(2, true) ;; 'a\nb'|indent('> ') ;; 'a\r\nb'|indent ;; 'a'|indent(width=8, first=true)
l|batch(2)|list ;; l|batch(2, 'x')|list ;; l|slice(2)|list ;; l|slice(2, 'x')|list ;; [1,2,3,4,5]|slice(3)|list ;; '%s-%s'|format(1, 2) ;; '%(a)s'|format(a=5) ;; s|truncate(5) ;; s|truncate(5, true) ;; 'hello big world'|truncate(9, false, '..', 0) ;; s|replace('l', 'L') ;; s|replace('l', 'L', 1) ;; 5|replace('5', '6') ;; d|items|list ;; nope|items|list ;; l|items|list ;; s|list ;; d|list ;; n|list ;; none|list ;; d|attr('items') is callable ;; d|attr('b') ;; s|attr('upper')() ;; 'a b'|wordcount
d|tojson ;; l|tojson ;; s|tojson ;; none|tojson ;; true|tojson ;; 1.0|tojson ;; 1e22|tojson ;; q|tojson ;; '<a>&\''|tojson ;; {'b': 1, 'a': 2}|tojson(sort_keys=true) ;; d|tojson(indent=2) ;; d|tojson(indent=0) ;; []|tojson(indent=2) ;; {}|tojson(indent=2) ;; {'a': []}|tojson(indent=4) ;; s|tojson(ensure_ascii=true) ;; '😀\x7f\x1f'|tojson(ensure_ascii=true) ;; d|tojson(separators=(',', ':')) ;; d|tojson(indent=1, separators=(', ', ' = ')) ;; (1, 2)|tojson ;; nope|tojson ;; {1: 2, none: 3, true: 4, 1.5: 6}|tojson ;; d|tojson(indent='\t') ;; range(3)|tojson ;; namespace()|tojson ;; json|from_json ;; '\u2028\u00a0'|tojson ;; d.items()|list|tojson
"""

TESTS = r"""
n is defined ;; nope is defined ;; nope is undefined ;; nope is not defined ;; no is none ;; n is none ;; n is number ;; t is number ;; f is number ;; s is number ;; n is integer ;; t is integer ;; f is integer ;; f is float ;; n is float ;; t is boolean ;; n is boolean ;; t is true ;; n is true ;; 1 is true ;; false is false ;; 0 is false ;; s is string ;; n is string ;; d is mapping ;; l is mapping ;; l is sequence ;; d is sequence ;; s is sequence ;; n is sequence ;; nope is sequence ;; l is iterable ;; s is iterable ;; n is iterable ;; nope is iterable ;; none is iterable ;; range is callable ;; n is callable ;; nope is callable ;; s.upper is callable ;; namespace() is mapping
4 is divisibleby 2 ;; 4 is divisibleby(3) ;; 3 is odd ;; 3 is even ;; 'a' is odd ;; 1 is eq 1 ;; 1 is equalto(1) ;; 1 is ne 2 ;; 1 is lt 2 ;; 1 is lessthan 2 ;; 2 is gt 1 ;; 2 is greaterthan 1 ;; 1 is le 1 ;; 1 is ge 2 ;; 1 is in [1] ;; 1 is not in [1] ;; 'a' is in 'abc' ;; none is sameas none ;; l is sameas l ;; 1 is sameas true ;; 'ab' is lower ;; 'AB' is upper ;; 'Ab' is lower ;; 'upper' is filter ;; 'nope' is filter ;; 'odd' is test ;; 's' is escaped ;; not n is defined ;; n is defined and s is string ;; n is not string or 0 ;; 1 is sameas 1 ;; (1, 2) is sequence ;; d.items() is sequence ;; l|map('string') is iterable ;; l|map('string') is sequence ;; 'x' is string is string ;; n is nosuchtest ;; d is defined ~ 'x'
"""

TEMPLATES = [
    "{% for x in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }}{{ loop.depth0 }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.cycle('a', 'b') }};{% endfor %}",
    "{% for x in [] %}a{% else %}none{% endfor %}", "{% for x in nope %}a{% else %}none{% endfor %}", "{% for x in n %}a{% endfor %}", "{% for x in none %}a{% endfor %}",
    "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", "{% for k, v in d|items %}{{ k }}{% endfor %}", "{% for k in d %}{{ k }}{% endfor %}", "{% for a, b in nested %}{{ a }}{{ b }}{% endfor %}", "{% for a, b in l %}{{ a }}{% endfor %}", "{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
    "{% for x in l if x > 1 %}{{ loop.index }}:{{ x }}/{{ loop.length }} {% else %}no{% endfor %}", "{% for x in l if x > 5 %}{{ x }}{% else %}no{% endfor %}", "{% for x in l if loop.first %}{{ x }}{% endfor %}",
    "{% for x in s %}{{ x }}.{% endfor %}", "{% for x in range(5) %}{% if x == 1 %}{% continue %}{% endif %}{% if x == 3 %}{% break %}{% endif %}{{ x }}{% endfor %}", "{% for x in l %}{% for y in l %}{% if y == x %}{% break %}{% endif %}{{ y }}{% endfor %}|{% endfor %}", "{% break %}",
    "{% for x in tree recursive %}{{ x.v }}@{{ loop.depth }}{% if x.k %}[{{ loop(x.k) }}]{% endif %}{% endfor %}", "{% for x in l %}{{ loop(l) }}{% endfor %}",
    "{% for x in l %}{% if loop.changed(x > 1) %}c{% endif %}{{ x }}{% endfor %}", "{% for x in l %}{% for y in l %}{{ loop.index }}{% endfor %}{{ loop.index }};{% endfor %}", "{{ loop }}", "{% for x in [1] %}{{ loop.nope }}{% endfor %}",
    "{% set x = 1 %}{% for i in l %}{{ x }}{% set x = x + 1 %}{{ x }};{% endfor %}{{ x }}", "{% set x = 1 %}{% if t %}{% set x = 2 %}{% endif %}{{ x }}", "{% for i in l %}{% set y = i %}{% endfor %}{{ y }}", "{% for n in l %}{{ n }}{% endfor %}{{ n }}",
    "{% for i in l %}{% if loop.first %}{% set z = 'first' %}{% endif %}{{ z }};{% endfor %}", "{% for people in people %}{{ people.name }}{% endfor %}{{ people|length }}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set a, b = (1, 2, 3) %}", "{% set a = 1, 2 %}{{ a }}", "{% set (a, b) = [4, 5] %}{{ a }}{{ b }}", "{% set ns = namespace(x=1) %}{% for i in l %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}", "{% set ns = namespace() %}{% set ns.a, ns.b = 1, 2 %}{{ ns.a }}{{ ns.b }}{{ ns.c }}", "{% set d.x = 1 %}", "{% set nope.x = 1 %}", "{% set ns = namespace({'a': 5}, b=6) %}{{ ns.a }}{{ ns.b }}{{ ns['a'] }}", "{{ namespace(x=[1]) }}", "{% set ns = namespace() %}{% set ns.__class__ = 1 %}", "{% set ns = namespace() %}{{ ns.__class__ }}{{ ns.__init__.__globals__ }}",
    "{% set x %}a{{ n }}b{% endset %}{{ x }}{{ x|length }}", "{% set x | upper %}abc{% endset %}{{ x }}", "{% set x | replace('a', 'b') | upper %}a{{ s }}{% endset %}{{ x }}", "{% set ns = namespace() %}{% set ns.t %}x{% endset %}{{ ns.t }}", "{% set x %}{% set y = 1 %}{{ y }}{% endset %}{{ x }}{{ y }}",
    "{% macro m(a, b=2, c='x') %}[{{ a }}{{ b }}{{ c }}]{% endmacro %}{{ m(1) }}{{ m(1, 3) }}{{ m(1, c='y') }}{{ m(a=5, b=6) }}{{ m() }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(b=1) }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, a=2) }}",
    "{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, x=3) }}", "{% macro m(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}", "{% macro m(a) %}<{{ caller() }}{{ a }}>{% endmacro %}{% call m(1) %}in{{ n }}{% endcall %}", "{% macro m() %}{{ caller('x', 2) }}{% endmacro %}{% call(a, b) m() %}{{ a }}{{ b }}{% endcall %}", "{% macro m() %}{{ caller }}{% endmacro %}{{ m() }}|", "{% macro m() %}x{% endmacro %}{% call m() %}y{% endcall %}",
    "{% macro m() %}{{ n }}{{ later }}{% endmacro %}{% set later = 5 %}{{ m() }}", "{% macro f(x) %}{{ x }}{% if x > 0 %}{{ f(x - 1) }}{% endif %}{% endmacro %}{{ f(4) }}", "{% macro m(n) %}{% set q = n %}{{ q }}{% endmacro %}{{ m(1) }}{{ n }}", "{% macro m() %}a{% endmacro %}{{ m.name }}{{ m is callable }}{{ m() ~ m() }}{{ m()|upper }}", "{% for i in l %}{% macro m() %}{{ i }}{% endmacro %}{{ m() }}{% endfor %}", "{% set ns = namespace() %}{% macro m() %}{% set ns.x = 1 %}{% endmacro %}{{ m() }}{{ ns.x }}", "{{ m() }}{% macro m() %}x{% endmacro %}", "{% macro m(a, b) %}{{ b }}{% endmacro %}{{ m(*[1, 2]) }}{{ m(**{'b': 3, 'a': 1}) }}{{ m(1, **{'b': 4}) }}",
    "{% filter upper %}a{{ s }}{% endfilter %}", "{% filter replace('a', 'b') | upper %}aaa{% endfilter %}", "{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a }}", "{% with n = 1, m = n %}{{ m }}{% endwith %}", "{% with %}{% set n = 3 %}{{ n }}{% endwith %}{{ n }}", "{% generation %}a{{ n }}{% set n = 9 %}{% endgeneration %}{{ n }}", "{% print n, 5 %}", "{{ 1, 2 }}", "{{ n, }}", "{% if n, %}y{% endif %}",
    "{% if n > 5 %}a{% elif n > 3 %}b{% else %}c{% endif %}", "{% if zero %}a{% elif nope %}b{% elif t %}d{% else %}c{% endif %}", "{% if zero %}a{% endif %}b", "{% if nope.x %}a{% endif %}", "{% if t %}{% if zero %}x{% else %}y{% endif %}{% endif %}", "{% if not n == 7 or t and not zero %}y{% endif %}",
    "{% raw %}{{ x }}{% if %}{% endraw %}", "{%- raw -%}  {{ x }}  {%- endraw -%}  b", "a {# {{ x }} #} b", "a\n{# c #}\nb", "{# a #}{# b #}c", "{#- x -#}  y", "a  {#- x #} b", "a{##}b", "{% raw %}\n a\n{% endraw %}\nb", "x {%+ raw %} y {% endraw +%}\nz",
    "a\n  {% if t %}\n  b\n  {% endif %}\nc", "a\n  {%- if t %}\n  b\n  {%- endif %}\nc", "a\n  {% if t -%}\n  b\n  {% endif -%}\nc", "  {%+ if t %}x{% endif %}\n", "  {% if t +%}\nx{% endif %}\n", "{{ n }}\n{{ n }}\n\n", "{{- n -}}  \n {{ n }}", "a {{- ' b ' -}} c", "\n{{ n }}\n", "{% if t %}\n\nx{% endif %}\n\n\n", "a\r\n{% if t %}\r\nb{% endif %}\r\n", "  {% set x = 1 %}  {% set y = 2 %}\nz", "\t{% if t %}\t{% endif %}x", "x  {% if t %}y{% endif %}", "　{% if t %}y{% endif %}", "{% if t %}a{% endif %}  \n  b", "a\n   {{ n }}", "{%if t%}x{%endif%}", "{%- for x in l -%} {{ x }} {%- endfor -%}", "\n\n{%- if t %} x {%- endif %}\n\n", "{{n}}{{  n  }}{{\nn\n}}", "text\n", "text\n\n", "", "\n", "{{ '}}' }}{{ '%}' }}{% if '%}' %}x{% endif %}", "{{ {'a': {'b': 1}} }}", "{{ {'a': {'b': 1}}.a.b }}", "{ { n } }", "{{ '{{' }}", "{% set x = '{%' %}{{ x }}",
    "{{ n }", "{{ n", "{% if t %}x", "{% endif %}", "{% for x in l %}x{% endif %}", "{% foo %}", "{{ 1 + }}", "{{ (1 }}", "{{ 'a }}", "{# x", "{% raw %}x", "{{ n $ }}", "{% set 1 = 2 %}", "{% set true = 2 %}", "{% for in l %}{% endfor %}", "{{ f(a=1, 2) }}", "{{ n n }}", "{% macro m(a=1, b) %}{% endmacro %}", "{% if %}x{% endif %}", "{% else %}", "{{ }}", "{% set x %}", "{{ a.b. }}", "{{ 5.a }}", "{% include 'x' %}", "{% extends 'x' %}", "{% do l %}", "{{ n | nofilter }}", "{% if zero %}{{ n | nofilter }}{% endif %}ok", "{{ n is notest }}", "{% if zero %}{{ n is notest }}{% endif %}ok", "{% if t %}{{ n | nofilter }}{% endif %}", "{{ (n|nofilter) if zero else 1 }}",
    "{% set u = people | selectattr('age', 'gt', 100) %}{% if u %}y{% else %}n{% endif %}{{ u | list }}", "{% set u = l | map('string') %}{{ u | list }}{{ u | list }}", "{% set u = l | select %}{{ u | first }}{{ u | list }}", "{% set u = l | select %}{{ 1 in u }}{{ u | list }}", "{{ (l | map('string'))[0] }}", "{{ l | map('string') | length }}", "{{ l | map('string') | last }}",
    "{% for g in people | groupby('age') %}{{ g.grouper }}:{{ g.list | length }};{% endfor %}{% for a, b in people | groupby('name', default='x') %}{{ a }}{% endfor %}", "{% for a, b in people | groupby('city.n', default='-') %}{{ a }}{{ b|length }}{% endfor %}",
    "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{% set _ = c.reset() %}{{ c.next() }}", "{% set j = joiner('; ') %}{% for x in l %}{{ j() }}{{ x }}{% endfor %}", "{{ x.y.z if x is defined else 'none' }}", "{{ raise_exception('boo') }}", "{% set x = range %}{{ x(3) | list }}", "{{ [1, 2, 3][1] }}{{ 'abc'[1] }}{{ {'a': 1}['a'] }}{{ (1, 2)[0] }}", "{{ 'a' if n == 7 }}{{ 'b' if n == 8 }}", "{{ (s | upper)[:5] }}", "{{ s | upper | lower | title }}", "{{ -n | abs }}", "{{ -1.5 | abs }}", "{{ 2 + 3 | string | length }}", "{{ not n | string }}", "{{ n is odd and 5 }}", "{{ 'a' ~ n | string ~ 'b' }}", "{{ n ~ f + 1 }}", "{{ 1 - 1 ~ 2 }}", "{{ 1 if 2 if 0 else 3 else 4 }}", "{{ 'x' in 'xy' == true }}", "{{ l | length > 2 and 'many' or 'few' }}", "{{ d.b.c.d }}", "{{ d['a'][1]['x'] is none }}", "{{ people[-1]['name'][0] }}", "{{ s.split(',')[1].strip().upper() }}", "{{ 'a,b' .split(',') | join('+') }}", "{{ ''.join(['a', 'b']) }}", "{{ [l, words] | map('length') | list }}", "{{ [l, words] | map('join', '-') | join(';') }}", "{% for line in lines.split('\\n') %}{{ loop.index }}{{ line }}{% endfor %}", "{{ dict(d, z=1).z }}{{ dict(**d).b }}", "{{ 'abc' | list | reverse | join }}", "{{ messages }}", "{{ '\\u4f60' }}{{ \"\\\"\" }}{{ '\\'' }}", "{{ none }}{{ None }}{{ true }}{{ True }}{{ false }}", "{{ d._x }}{{ d['_x'] }}", "{{ varargs }}", "{% set n = n + 1 %}{{ n }}", "{{ 5 // 0.5 }}{{ 1e308 * 10 }}", "{{ 3 > 2 > 1 }}{{ 1 < 3 > 2 }}", "{{ 'a' 'b' ~ 'c' }}", "{{ l + words }}", "{{ l | sort | first }}{{ (l | sort)[0] }}", "{{ 07 }}", "{{ 1.e }}", "{{ .5 }}", "{{ 1..x }}", "{{ x|default([])|length }}", "{%- set ns = namespace(found=false) -%}{%- for p in people -%}{%- if p.name == 'bob' -%}{%- set ns.found = true -%}{%- endif -%}{%- endfor -%}{{ ns.found }}", "{{ people|map(attribute='name')|map('lower')|sort|join(' ') }}", "{{ d is mapping and 'b' in d and d.b is number }}", "{{ tree|tojson }}", "{{ people|tojson(indent=4) }}", "{{ [1,2,3]|tojson(indent=2) }}", "{% for x in 'ab', 'cd' %}{{ x }}{% endfor %}", "{% for x in [1,2,3][:2] %}{{ x }}{% endfor %}", "{% for i in range(3, 0, -1) %}{{ i }}{% endfor %}", "{% for m in people[::-1] %}{{ m.name }}{% endfor %}", "{{ people[1:][0].name }}", "{{ ['a', 'b'][loop] }}", "{{ '%s' % s[:3] }}", "{{ 10 % 4 ** 2 }}", "{{ 2 ** 3 * 2 }}", "{{ -3 ** 2 }}{{ (-3) ** 2 }}", "{{ 1 and 2 or 3 }}{{ not 1 and 2 }}{{ not (1 and 0) }}", "{{ {'a': 1, 'a': 2} }}", "{{ {'x': n, s: [n]} }}", "{{ {n: 1}[7] }}", "{{ {[1]: 2} }}", "{{ l in nested }}{{ [1, 2] in nested }}",
]


def main():
    env = environment(lenient=False)
    sources = []
    for line in EXPRESSIONS.strip().split("\n"):
        sources += ["{{ " + part + " }}" for part in line.split(" | ")]
    for block in (FILTERS, TESTS):
        for line in block.strip().split("\n"):
            sources += ["{{ " + part + " }}" for part in line.split(" ;; ")]
    sources += TEMPLATES
    cases = []
    for source in dict.fromkeys(sources):
        try:
            text = env.from_string(source).render(**VARIABLES)
        except (jinja2.exceptions.TemplateError, TypeError, ValueError, ZeroDivisionError, OverflowError, AttributeError, KeyError, IndexError, SyntaxError):
            text = None
        if text is not None and (" at 0x" in text or "object>" in text):
            continue  # addresses
        cases.append({"template": source, "text": text})
    target = pathlib.Path(__file__).resolve().parent.parent / "data" / "jinja_language.json"
    target.write_text(json.dumps({"variables": VARIABLES, "time": [2026, 3, 7, 9, 5, 3], "cases": cases}, ensure_ascii=False, indent=0) + "\n")
    print(len(cases), "templates,", sum(c["text"] is None for c in cases), "refused")


if __name__ == "__main__":
    main()
