#!/usr/bin/env python3
"""Walks every include of the house and fails, with file:line and the rule, where one leads somewhere it may not.

    ui -> app -> engine/include        plugins -> plugins/api        nothing upward, nothing sideways between panes

include_direction.py [ROOT]       checks the tree at ROOT
include_direction.py --self-test  checks that planted violations are found
"""
import pathlib
import re
import sys
import tempfile

ROOMS = ("app", "engine", "installer", "plugins", "resources", "tests", "ui")
CHECKED = ("app", "engine", "plugins", "resources", "ui")
SUFFIXES = {".h", ".hpp", ".cpp", ".cc", ".c", ".cu", ".cuh", ".inc"}
PANES = ("chat", "code", "image", "adapters", "models", "settings")
# Engine folders from the bottom up; a folder may include itself and what stands below it, never above.
ENGINE_LADDER = {"include": 0, "base": 1, "tensor": 2, "formats": 3, "ops": 3, "text": 3, "vision": 4, "adapters": 4,
                 "models": 4, "runtime": 5, "tools": 6}
INCLUDE = re.compile(r'^\s*#\s*(?:include(?:_next)?|define\s+HWY_TARGET_INCLUDE)\s*(?:"([^"]+)"|<([^>]+)>|(\w+))')
QT = re.compile(r"^(Q[A-Z]\w*|Qt[A-Z]\w*/\w+|q[a-z]+\.h|qt[a-z]+\.h)$")
WIDGETS = re.compile(r"^(QtWidgets(/.*)?|QWidget|QApplication|QMainWindow|QDialog|QMessageBox|QFileDialog|QLabel|QLayout|Q\w*Button"
                     r"|QAction(Group)?|Q\w*View|QStyle\w*|QMenu(Bar)?|QToolTip)$")


def without_comments(text):
    """Comments become blanks of as many lines, so that line numbers hold; strings stay."""
    pattern = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.S)
    return pattern.sub(lambda m: m[0] if m[0].startswith('"') else "\n" * m[0].count("\n"), text)


def target_of(root, file, quoted, angled):
    """The path inside the house that an include means, or None for the outside world."""
    name = quoted or angled
    first = name.split("/")[0]
    if quoted and (file.parent / name).is_file() and ".." not in name:
        return (file.parent / name).relative_to(root)
    if first in ROOMS and "/" in name:
        return pathlib.PurePath(name)
    if first == "hadal" and "/" in name:
        return pathlib.PurePath("engine/include") / name
    if (root / "engine" / name).is_file():
        return pathlib.PurePath("engine") / name
    return None


def engine_rule(file, target, name):
    if target is None:
        return "the engine knows no Qt" if QT.match(name) else None
    if target.parts[0] != "engine":
        return f"nothing upward: engine includes no {target.parts[0]}"
    here, there = file.parts[1], target.parts[1]
    if here == "include" and there != "include":
        return "a public header of the engine shows nothing of its inside"
    if ENGINE_LADDER.get(there, 0) > ENGINE_LADDER.get(here, 99):
        return f"nothing upward: engine/{here} includes no engine/{there}"
    return None


def app_rule(file, target, name):
    if file == pathlib.PurePath("app/main.cpp"):
        return "engine-internal header" if inside_engine(target) else None
    if target is None:
        return "app has no widget" if WIDGETS.match(name) else None
    if inside_engine(target):
        return "app includes of the engine only engine/include"
    if target.parts[0] == "plugins":
        return None if target.parts[1] in ("api", "loader") else "app knows plugins/api and plugins/loader, no plugin"
    return None if target.parts[0] in ("app", "engine") else f"nothing upward: app includes no {target.parts[0]}"


def inside_engine(target):
    return target is not None and target.parts[0] == "engine" and target.parts[1] != "include"


def folder_in_ui(path):
    """chat of ui/chat/x.h; files that lie in ui itself belong to the frame, which composes the panes."""
    return path.parts[1] if len(path.parts) > 2 else "frame"


def ui_rule(file, target, name):
    if target is None:
        return None
    if target.parts[0] == "engine":
        return "ui talks to app, which talks to the engine"
    if target.parts[0] not in ("ui", "app", "resources"):
        return f"ui includes no {target.parts[0]}"
    if target.parts[0] != "ui":
        return None
    here, there = folder_in_ui(file), folder_in_ui(target)
    if here == there or here == "frame":
        return None
    if there in PANES:
        return f"nothing sideways: ui/{here} includes no pane ui/{there}" if here in PANES else \
            f"nothing upward: ui/{here} is shared and includes no pane ui/{there}"
    return f"nothing upward: ui/{here} does not include the frame" if there == "frame" else None


def plugins_rule(file, target, name):
    if target is None:
        return None
    here = file.parts[1]
    if target.parts[0] == "plugins" and target.parts[1] in (here, "api"):
        return "plugins/api stands on nothing" if here == "api" and target.parts[1] != "api" else None
    if here == "loader" and target.parts[:2] == ("engine", "include"):
        return None
    return "a plugin includes plugins/api and nothing else of Hadal"


def resources_rule(file, target, name):
    return None if target is None or target.parts[0] == "resources" else "resources include nothing"


RULES = {"engine": engine_rule, "app": app_rule, "ui": ui_rule, "plugins": plugins_rule, "resources": resources_rule}


def check_file(root, file):
    relative = pathlib.PurePath(file.relative_to(root))
    for number, line in enumerate(without_comments(file.read_text(errors="replace")).splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quoted, angled, computed = match.groups()
        name = quoted or angled
        if computed:
            rule = None if computed == "HWY_TARGET_INCLUDE" else "an include names its file"
        elif ".." in name.split("/") or name.startswith("/"):
            rule = "includes are written from a room's root, without .."
        else:
            target = target_of(root, file, quoted, angled)
            rule = "only tests include tests" if target and target.parts[0] == "tests" else \
                RULES[relative.parts[0]](relative, target, name)
        if rule:
            yield f"{relative}:{number}: {line.strip()}  -- {rule}"


def check_tree(root):
    files = [f for room in CHECKED for f in sorted((root / room).rglob("*")) if f.suffix in SUFFIXES and f.is_file()]
    return len(files), [violation for file in files for violation in check_file(root, file)]


# file, its text, and what must be said of it (None: nothing)
PLANTED = [
    ("engine/base/a.h", '#include "ops/matmul/matmul.h"', "engine/base includes no engine/ops"),
    ("engine/ops/b.cpp", '#include "models/llama.h"', "engine/ops includes no engine/models"),
    ("engine/models/c.cpp", '#include "app/outcome.h"', "nothing upward: engine includes no app"),
    ("engine/models/d.cpp", "#include <QString>", "the engine knows no Qt"),
    ("engine/models/e.cpp", "#include <QtCore/QString>", "the engine knows no Qt"),
    ("engine/include/hadal/f.h", '#include "base/text.h"', "shows nothing of its inside"),
    ("app/chat/g.cpp", '#include "ui/frame/window.h"', "nothing upward: app includes no ui"),
    ("app/chat/h.cpp", '#include "base/text.h"', "only engine/include"),
    ("app/chat/i.cpp", '#include "engine/base/text.h"', "only engine/include"),
    ("app/chat/j.cpp", "#include <QMessageBox>", "app has no widget"),
    ("app/chat/k.cpp", '#include "plugins/plain_text/x.h"', "no plugin"),
    ("ui/chat/l.cpp", '#include "ui/settings/page.h"', "nothing sideways: ui/chat includes no pane ui/settings"),
    ("ui/chat/m.cpp", '#include "../settings/page.h"', "without .."),
    ("ui/widgets/n.cpp", '#include "ui/chat/view.h"', "ui/widgets is shared"),
    ("ui/chat/o.cpp", '#include "ui/frame/window.h"', "does not include the frame"),
    ("ui/chat/p.cpp", '#include "hadal/engine.h"', "ui talks to app"),
    ("ui/chat/q.cpp", "#  include   <ui/code/pane.h>", "nothing sideways"),
    ("plugins/one/r.cpp", '#include "plugins/two/x.h"', "nothing else of Hadal"),
    ("plugins/one/s.cpp", '#include "app/outcome.h"', "nothing else of Hadal"),
    ("plugins/one/t.cpp", '#include "hadal/result.h"', "nothing else of Hadal"),
    ("plugins/api/u.h", '#include "plugins/loader/plugin_loader.h"', "nothing else of Hadal"),
    ("app/main.cpp", '#include "base/text.h"', "engine-internal header"),
    ("app/store/v.cpp", '/* a\n b */\n#include "ui/theme/theme.h"', "nothing upward"),
    ("engine/ops/w.cpp", "#include CHOSEN", "names its file"),
    ("app/store/x.cpp", '#include "tests/app/helper.h"', "only tests include tests"),
    ("engine/ops/add/cpu.cpp", '#define HWY_TARGET_INCLUDE "app/x.cpp"', "engine includes no app"),
    ("engine/ops/fine.cpp", '#include "base/text.h"\n#include "hadal/result.h"\n#include <vector>\n#include HWY_TARGET_INCLUDE', None),
    ("engine/ops/comment.cpp", '// #include "app/outcome.h"\n/* #include "ui/x.h" */', None),
    ("app/chat/fine.cpp", '#include "app/outcome.h"\n#include "hadal/engine.h"\n#include <QFuture>\n#include "plugins/api/x.h"', None),
    ("ui/chat/fine.cpp", '#include "ui/theme/theme.h"\n#include "app/services.h"\n#include <QWidget>\n#include "view.h"', None),
    ("ui/chat/view.h", "", None),
    ("ui/frame/fine.cpp", '#include "ui/chat/view.h"\n#include "ui/settings/page.h"', None),
    ("plugins/one/fine.cpp", '#include "plugins/api/x.h"\n#include "plugins/one/own.h"\n#include <string>', None),
    ("plugins/loader/fine.cpp", '#include "plugins/api/x.h"\n#include "hadal/native_library.h"', None),
]


def self_test():
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name in ["engine/base/text.h", "engine/ops/matmul/matmul.h", "engine/models/llama.h"]:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).touch()
        for name, text, _ in PLANTED:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text + "\n")
        found = check_tree(root)[1]
    for name, text, said in PLANTED:
        mine = [v for v in found if v.startswith(name + ":")]
        line = text.rstrip().count("\n") + 1
        if said is None and mine:
            failures.append(f"{name}: wrongly refused: {mine}")
        if said is not None and not any(v.startswith(f"{name}:{line}: ") and said in v for v in mine):
            failures.append(f"{name}: not found: {said!r} (found {mine})")
    print("\n".join(failures) or f"{sum(s is not None for _, _, s in PLANTED)} planted violations found, nothing else refused")
    return 1 if failures else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    count, violations = check_tree(root)
    if count == 0:
        violations = [f"{root}: no sources found here"]
    print("\n".join(violations) or f"{count} files, every include keeps its direction")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
