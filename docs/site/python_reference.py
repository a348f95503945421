"""Writes the reference of the installed Python package: python_reference.py DIRECTORY.

Compiled functions have docstrings, but no signatures that Python can read; the stub beside them has the signatures,
and no docstrings. The two are put together here, and the package is imported once more over the result.
"""

import __future__

import importlib
import sys
import types
import warnings
from pathlib import Path

import jinja2
import numpy.typing
import pdoc

# Written by name in signatures, since what they stand for fills a line or more; the docstrings say what may be given.
ALIASES = ["Activation", "Algorithm", "Array", "ArrayLike", "Layout", "NDArray", "Padding", "Size"]

WAY_BACK = """{% extends "default/module.html.jinja2" %}
{% block module_list_link %}
  {% set depth = module.modulename.count(".") %}
  <a class="pdoc-button" href="{{ "../" * (depth + 1) }}index.html">All documentation</a>
  {% if depth %}<a class="pdoc-button" href="../convstep.html">convstep</a>{% endif %}
{% endblock %}"""


def stand_in(name: str) -> type:
    return type(name, (), {"__module__": "builtins", "__class_getitem__": classmethod(lambda cls, item: cls)})


def with_signatures(compiled: types.ModuleType) -> types.ModuleType:
    """The functions of the stub with the docstrings of the compiled ones."""
    module = types.ModuleType(compiled.__name__)
    path = Path(compiled.__file__).with_name("_core.pyi")
    # Annotations stay text until the stand-ins are there.
    exec(compile(path.read_text(), path, "exec", __future__.annotations.compiler_flag), vars(module))
    vars(module).update({name: stand_in(name) for name in ALIASES}, __version__=compiled.__version__)
    for name, member in vars(module).items():
        if isinstance(member, types.FunctionType) and member.__module__ == module.__name__:
            member.__doc__ = getattr(compiled, name).__doc__.partition("\n")[2]  # without nanobind's signature
    return module


def main(directory: str) -> None:
    module = with_signatures(importlib.import_module("convstep._core"))
    for name in [name for name in sys.modules if name.partition(".")[0] == "convstep"]:
        del sys.modules[name]
    sys.modules[module.__name__] = module
    numpy.typing.ArrayLike, numpy.typing.NDArray = module.ArrayLike, module.NDArray
    importlib.import_module("convstep.draw")

    warnings.simplefilter("error")
    pdoc.render.configure(docformat="numpy", show_source=False)
    pdoc.render.env.loader = jinja2.ChoiceLoader(
        [jinja2.DictLoader({"module.html.jinja2": WAY_BACK}), pdoc.render.env.loader]
    )
    pdoc.pdoc("convstep", "convstep.draw", output_directory=Path(directory))


if __name__ == "__main__":
    main(*sys.argv[1:])
