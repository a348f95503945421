"""web/: modules that web/page.cmake can join to one script."""

import collections
import pathlib
import re

WEB = pathlib.Path(__file__).resolve().parent.parent.parent / "web"
MODULES = {path.relative_to(WEB).with_suffix("").as_posix(): path.read_text() for path in sorted(WEB.rglob("*.mjs"))}
JOINED = re.search(r"set\(modules\n(.*?)\)", (WEB / "page.cmake").read_text(), re.DOTALL)[1].split()
DECLARED = re.compile(r"^(?:export )?(?:async )?(?:const|let|class|function\*?) (?:\{[^}]*\}|\[[^\]]*\]|\w+)", re.MULTILINE)


def test_all_modules_are_joined_once():
    assert sorted(JOINED) == sorted(MODULES)


def test_names_at_the_top_are_those_of_one_module():
    owners = collections.defaultdict(list)
    for module, text in MODULES.items():
        for declaration in DECLARED.findall(text):
            for name in re.findall(r"\w+", declaration.split(" ", 1)[1].removeprefix("const ")):
                if name not in ("async", "const", "class", "function", "let"):
                    owners[name].append(module)
    assert len(owners) > 100
    assert {name: modules for name, modules in owners.items() if len(modules) > 1} == {}


def test_what_is_imported_stands_above():
    for module, text in MODULES.items():
        imports = re.findall(r'^import [^;]*? from "([^"]+)";', text, re.MULTILINE)
        assert len(imports) == text.count("\nimport ") + text.startswith("import ")
        for name in imports:
            imported = ((WEB / module).parent / name).resolve().relative_to(WEB).with_suffix("").as_posix()
            assert JOINED.index(imported) < JOINED.index(module), f"{module} imports {imported}"


def test_no_import_has_another_name_in_its_module():
    for module, text in MODULES.items():
        assert " as " not in "".join(re.findall(r"^import ([^;]*);", text, re.MULTILINE)), module
