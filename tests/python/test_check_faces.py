"""convstep.check by its faces: the object, all functions of a notebook, arrays, files, magics."""

import json
import pathlib
import subprocess
import sys
import types

import numpy as np
import pytest

import check_sources as right
import convstep
from check_sources import changed, made
from convstep import check

WHOLE = right.CONV + right.POOL + right.CONV_BACK + right.POOL_BACK
STRIDE_UNUSED = ("horiz_start = w * stride", "horiz_start = w")
MEAN = ("Z = np.sum(s)", "Z = np.mean(s)")


def _defined(source: str) -> dict:
    function = made(source, "conv_forward")
    return function.__globals__


def test_a_finding_reads_well(capsys):
    finding = check.conv_forward(made(changed(right.CONV, STRIDE_UNUSED), "conv_forward"))
    assert capsys.readouterr().out == f"{finding}\n"
    assert str(finding).splitlines()[0] == (
        "conv_forward: The stride is used for rows alone: across the columns the window moves one pixel at a time."
    )
    assert finding.where.text == "horiz_start = w" and not finding and not finding.right
    assert "Solution" not in str(finding) and "w * stride" not in str(finding)
    assert "horiz_start = w * stride" in finding.reveal()
    assert repr(finding) == "<Finding: conv_forward, stride_on_rows_alone>"
    difference = finding.first_difference
    assert difference.output == "Z" and difference.index == (0, 0, 1, 0)
    assert difference.right == pytest.approx(sum(value for _, value in difference.terms))
    page = finding._repr_html_()
    assert page.count("<rect") == difference.image.size + 1 and "<svg" in page and "Solution" in page
    with pytest.raises(AttributeError):
        finding.kind = "right"


def test_the_solution_is_printed_on_request(capsys):
    check.conv_forward(made(changed(right.CONV, STRIDE_UNUSED), "conv_forward"), reveal=True)
    assert "Solution: vert_start = h * stride" in capsys.readouterr().out


def test_what_no_known_mistake_explains_is_written_out():
    finding = check.conv_forward(made(changed(right.CONV, ("    cache =", "    Z[1, 0, 1, 1] += 2.5\n    cache =")), "conv_forward"))
    assert finding.kind == "unexplained" and finding.mistakes == ()
    assert "Z[1, 0, 1, 1]" in finding.message and "2.5 smaller" in finding.message
    lines = str(finding).splitlines()
    assert "the window: rows 0 to 2, columns 2 to 4 of the padded image" in str(finding)
    assert len([line for line in lines if " * " in line and " = " in line]) == 27


def test_all_of_a_notebook(capsys):
    found = check.all(_defined(WHOLE))
    assert found.right and list(found) == [
        "zero_pad", "conv_single_step", "conv_forward", "pool_forward", "create_mask_from_window", "distribute_value",
        "conv_backward", "pool_backward"]
    assert capsys.readouterr().out == f"{found}\n"
    assert repr(found) == "<Findings: 8 of 8 right>"


def test_helpers_are_blamed_and_not_their_callers():
    found = check.all(_defined(changed(WHOLE, MEAN, ('mode="constant"', 'mode="edge"'), (", constant_values=(0, 0)", ""))))
    wrong = {name for name, finding in found.items() if not finding.right}
    assert wrong == {"zero_pad", "conv_single_step"}
    assert "judged with a right zero_pad and conv_single_step in place of yours" in found["conv_forward"].notes
    assert "judged with a right zero_pad in place of yours" in found["conv_backward"].notes


def test_a_wrong_helper_is_named_when_its_caller_is_checked():
    finding = check.conv_forward(made(changed(right.CONV, MEAN), "conv_forward"))
    assert finding.message.startswith("conv_forward itself is right; conv_single_step, which it calls, is not.")
    assert finding.mistakes == ("mean_for_sum",) and finding.where.function == "conv_single_step"


def test_a_module_and_what_is_not_there():
    module = types.ModuleType("mine")
    module.create_mask_from_window = made(right.MASK, "create_mask_from_window")
    found = check.all(module)
    assert found.right and found["conv_forward"].kind == "missing"


def layer():
    random = np.random.RandomState(1)
    return random.randn(2, 5, 7, 4), random.randn(3, 3, 4, 8), random.randn(1, 1, 1, 8), {"stride": 2, "pad": 1}


def test_arrays_of_ones_own():
    A_prev, W, b, hparameters = layer()
    Z, cache = convstep.conv_forward(A_prev, W, b, hparameters)
    given = {"A_prev": A_prev, "W": W, "b": b, "hparameters": hparameters}
    assert check.conv_forward(yours=Z, **given).right
    assert check.conv_forward(yours=(Z, cache), **given).right
    assert check.conv_forward(yours=Z.astype(np.float32), **given).right
    assert check.conv_forward(yours=Z - b, **given).mistakes == ("bias_left_out",)
    dA_prev, dW, db = convstep.conv_backward(Z, cache)
    assert check.conv_backward(yours=(dA_prev, dW, db), dZ=Z, cache=cache).right
    assert check.conv_backward(yours=(dA_prev, dW / 2, db / 2), dZ=Z, cache=cache).mistakes == ("mean_over_images",)
    A, pool_cache = convstep.pool_forward(A_prev, {"f": 2, "stride": 2}, "average")
    assert check.pool_forward(yours=A, A_prev=A_prev, hparameters={"f": 2, "stride": 2}, mode="average").right
    assert check.pool_backward(yours=convstep.pool_backward(A, pool_cache, "average"), dA=A, cache=pool_cache, mode="average").right
    assert check.zero_pad(yours=A_prev, X=A_prev, pad=1).mistakes == ("pad_nothing",)
    assert check.conv_single_step(yours=0.0, a_slice_prev=W[..., 0], W=W[..., 1], b=b[..., 0]).kind != "right"
    assert check.create_mask_from_window(yours=[[True, False]], x=[[1, 2]]).mistakes == ("mask_of_min",)
    assert check.distribute_value(yours=np.full((2, 3), 6.0), dz=6, shape=(2, 3)).mistakes == ("share_is_whole",)


@pytest.mark.parametrize("call, error, words", [
    (lambda: check.conv_forward(), TypeError, "takes your function, or what came out of it as yours"),
    (lambda: check.conv_forward(print, yours=np.ones(1)), TypeError, "not both"),
    (lambda: check.conv_forward(yours=np.ones((1, 1, 1, 1)), A_prev=np.ones((1, 1, 1, 1))), TypeError, "needs W, b, hparameters, too"),
    (lambda: check.conv_backward(yours=(1, 2, 3), dZ=1, cache=(1, 2)), TypeError, "cache: got tuple"),
    (lambda: check.pool_forward(yours=1, A_prev=np.ones((1, 2, 2, 1)), hparameters={"f": 2}), ValueError, "'f' and 'stride'"),
    (lambda: check.pool_forward(yours=np.ones(1), A_prev=np.ones((1, 2, 2, 1)), hparameters={"f": 2, "stride": 1}, mode="min"),
     ValueError, "'max' or 'average'"),
    (lambda: check.conv_forward(yours=np.ones((1, 1, 1, 1)), A_prev=np.ones((1, 4, 4, 2)), W=np.ones((3, 3, 1, 1)),
                                b=np.ones((1, 1, 1, 1)), hparameters={"stride": 1, "pad": 0}), ValueError, "as many channels as A_prev, 2"),
])
def test_calls_that_cannot_be_judged(call, error, words):
    with pytest.raises(error, match=".*") as raised:
        call()
    assert words in str(raised.value)


def test_what_is_no_function():
    assert check.conv_forward(np.ones(3)).kind == "missing"


def run(*arguments, cwd: pathlib.Path) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "convstep.check", *arguments], cwd=cwd, capture_output=True, text=True, timeout=120)


def test_a_python_file(tmp_path):
    (tmp_path / "mine.py").write_text(
        "import numpy as np\nfrom public_tests import *\n" + changed(right.CONV, STRIDE_UNUSED)
        + "\nconv_forward_test(conv_forward)\nprint('hello')\nif __name__ == '__main__':\n    1 / 0\n")
    done = run("mine.py", cwd=tmp_path)
    assert done.returncode == 1 and done.stderr == ""
    assert "Note: from public_tests import * (line 2) failed with ModuleNotFoundError" in done.stdout
    assert "conv_forward_test(conv_forward)" in done.stdout and "hello" not in done.stdout and "1 / 0" not in done.stdout
    assert "The stride is used for rows alone" in done.stdout
    number = (tmp_path / "mine.py").read_text().splitlines().index("                horiz_start = w") + 1
    assert f"line {number} of conv_forward" in done.stdout
    (tmp_path / "mine.py").write_text("import numpy as np\n" + WHOLE)
    assert run("mine.py", cwd=tmp_path).returncode == 0
    assert "--reveal" in run("--help", cwd=tmp_path).stdout


@pytest.mark.parametrize("name, text, words", [
    ("none.py", None, "none.py: No such file or directory"),
    ("empty.py", "x = 1", "none of the notebook's functions is there"),
    ("broken.py", "def zero_pad(X, pad)\n    return X", "broken.py, line 1: expected ':'"),
    ("broken.ipynb", "{}", "it is no notebook"),
    ("none.ipynb", None, "none.ipynb: No such file or directory"),
])
def test_files_that_cannot_be_checked(tmp_path, name, text, words):
    if text is not None:
        (tmp_path / name).write_text(text)
    done = run(name, cwd=tmp_path)
    assert done.returncode == 2 and words in done.stderr and done.stdout == ""


def notebook(*cells: str, language: str = "python") -> str:
    return json.dumps({
        "nbformat": 4, "nbformat_minor": 4, "metadata": {"kernelspec": {"name": "old", "display_name": "Old", "language": language}},
        "cells": [{"cell_type": "markdown", "metadata": {}, "source": "# Mine"}] + [
            {"cell_type": "code", "metadata": {}, "source": cell, "outputs": [], "execution_count": None} for cell in cells],
    })


def test_a_notebook(tmp_path):
    first = "import numpy as np\nimport not_there\nfrom public_tests import *\n%matplotlib inline\n%load_ext autoreload\n%autoreload 2"
    cells = [first, right.ZERO_PAD, "1 / 0", changed(right.STEP, MEAN), changed(right.CONV[len(right.ZERO_PAD + right.STEP):], STRIDE_UNUSED).strip()]
    (tmp_path / "mine.ipynb").write_text(notebook(*cells))
    done = run("mine.ipynb", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "import not_there (line 2) failed" in done.stdout and "1 / 0 (line 1) failed with ZeroDivisionError" in done.stdout
    assert "zero_pad: right" in done.stdout and "conv_single_step: The mean of the products" in done.stdout
    assert "conv_forward: The stride is used for rows alone" in done.stdout
    number = cells[4].splitlines().index("                horiz_start = w") + 1
    assert f"line {number} of conv_forward:  horiz_start = w" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.ipynb"]


def test_a_notebook_that_ends_its_kernel(tmp_path):
    (tmp_path / "mine.ipynb").write_text(notebook("import os", "os._exit(1)"))
    done = run("mine.ipynb", cwd=tmp_path)
    assert done.returncode == 2 and "the kernel ended" in done.stderr


def test_a_notebook_with_a_cell_that_is_no_python(tmp_path):
    (tmp_path / "mine.ipynb").write_text(notebook("import numpy as np\n" + right.ZERO_PAD, "x = 1\ndef zero_pad(X, pad)\n    return X"))
    done = run("mine.ipynb", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "Note: code cell 2, line 2: SyntaxError: expected ':'; the cell was not run" in done.stdout
    assert "zero_pad: right" in done.stdout


def test_a_notebook_with_a_cell_that_hangs(tmp_path):
    (tmp_path / "mine.ipynb").write_text(notebook("import numpy as np", "while True:\n    pass", right.ZERO_PAD))
    program = "from convstep.check import _notebook, __main__\n_notebook._SECONDS = 3\n__main__.main(['mine.ipynb'])"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert "Note: code cell 2 was stopped after 3 seconds" in done.stdout, done.stderr
    assert "zero_pad: right" in done.stdout


def test_a_notebook_of_another_language(tmp_path):
    (tmp_path / "mine.ipynb").write_text(notebook("x <- 1", language="R"))
    done = run("mine.ipynb", cwd=tmp_path)
    assert done.returncode == 2 and "it is a notebook of R" in done.stderr


def test_a_notebook_without_nbclient(tmp_path):
    (tmp_path / "mine.ipynb").write_text(notebook("x = 1"))
    program = "import sys; sys.modules['nbclient'] = None; sys.argv = ['check', 'mine.ipynb']\n"
    program += "import importlib.util as u; found = u.find_spec\nu.find_spec = lambda name, *rest: None if name == 'nbclient' else found(name, *rest)\n"
    program += "import runpy; runpy.run_module('convstep.check', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and "notebooks need nbclient: pip install 'convstep[notebook]'" in done.stderr


@pytest.fixture
def shell():
    from IPython.core.interactiveshell import InteractiveShell

    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.run_cell("import numpy as np")
    shell.run_line_magic("load_ext", "convstep")
    yield shell
    InteractiveShell.clear_instance()


def test_magics(shell, capsys):
    shell.run_cell("%%check\n" + changed(right.STEP, MEAN))
    assert "conv_single_step: The mean of the products is taken" in capsys.readouterr().out
    shell.run_cell(right.CONV[len(right.ZERO_PAD + right.STEP):])
    shell.run_cell("%check --reveal conv_forward")
    out = capsys.readouterr().out
    assert "conv_forward: The function ends" not in out and "zero_pad, which is not defined" in out
    shell.run_cell(right.ZERO_PAD)
    shell.run_line_magic("check", "conv_forward")
    assert "judged with a right conv_single_step" in capsys.readouterr().out
    shell.run_line_magic("check", "")
    assert capsys.readouterr().out.count("right, on") == 2
    shell.run_line_magic("check", "conv_forwards")
    assert "no function conv_forwards" in capsys.readouterr().out
    shell.run_cell("%%check\nx = 1")
    assert "the cell defines none" in capsys.readouterr().out


def test_magics_show_the_window_in_a_notebook(shell, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    shell.kernel = object()
    shell.run_cell(changed(right.CONV, STRIDE_UNUSED))
    shell.run_line_magic("check", "conv_forward")
    assert "<svg" in shown[0].data and "The stride is used for rows alone" in shown[0].data
