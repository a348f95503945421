"""examples/notebook.py prints the document's figures and draws its pictures."""

import pathlib
import re
import subprocess
import sys
from typing import NamedTuple

import pytest
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EXAMPLE = ROOT / "examples" / "notebook.py"
PICTURES = {
    "zero_pad",
    "filters",
    "conv_forward",
    "window",
    "max_pool",
    "average_pool",
    "photo_features",
    "photo_pooled",
}


class Printout(NamedTuple):
    name: str
    text: str


def cell_printouts() -> list[Printout]:
    """What the document's cells print, in their order, as the command's tutorial has them."""
    source = (ROOT / "src" / "notebook" / "document_printouts.cc").read_text()
    constants = dict(re.findall(r'constexpr const char\* (k\w+) = R"\((.*?)\)";', source, re.DOTALL))
    rows = re.findall(r'\{"\w+", "([^"]+)", PrintoutKind::kCell, (?:"([^"]+)"|(k\w+))\}', source)
    return [Printout(name, literal or constants[constant]) for name, literal, constant in rows]


def figures(text: str) -> list[str]:
    """The numbers of a printout; the document's spaces are those of more than one version of NumPy."""
    return re.findall(r"[^\s\[\](),]+", text)


def run(*arguments: object, cwd: pathlib.Path) -> str:
    command = [sys.executable, str(EXAMPLE), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return tmp_path_factory.mktemp("notebook")


@pytest.fixture(scope="module")
def output(directory: pathlib.Path) -> str:
    """What the example prints, when it leaves its pictures in pictures/."""
    return run("pictures", cwd=directory)


def test_every_figure_of_the_document_is_printed(output: str):
    printouts = cell_printouts()
    assert len(printouts) == 16
    rest = output
    for name, text in printouts:
        mode, _, label = name.rpartition(" ") if name.endswith(("A", "A.shape")) else ("", "", name)
        heading = f"mode = {mode}\n{label} =" if label == "A.shape" else f"{label} ="
        before, _, rest = rest.partition(heading)
        assert before == "" or before.endswith("\n"), f"{name} begins no line"
        expected = figures(text)
        assert figures(rest)[: len(expected)] == expected, name


def test_the_other_face_gives_the_same_layer(output: str):
    assert "conv2d is relu(Z): True\n" in output
    assert output.endswith("photo (512, 512, 3) -> features (1, 512, 512, 6) -> pooled (1, 128, 128, 6)\n")


def test_pictures_are_left_in_the_directory(output: str, directory: pathlib.Path):
    assert {path.stem for path in (directory / "pictures").iterdir()} == PICTURES
    for name in PICTURES:
        assert len(Image.open(directory / "pictures" / f"{name}.png").convert("L").getcolors()) > 10, name


def test_a_notebook_shows_every_picture(tmp_path: pathlib.Path):
    cells = [cell for cell in re.split(r"^# %%", EXAMPLE.read_text(), flags=re.MULTILINE) if not cell.startswith(" [")]
    code = f"""if True:
        import sys
        from IPython.core.interactiveshell import InteractiveShell
        from IPython.utils.capture import capture_output
        sys.argv[1:], sys.path[:0] = ["-f", "kernel.json"], [{str(EXAMPLE.parent)!r}]
        shell = InteractiveShell.instance()
        with capture_output() as captured:
            for cell in {cells!r}:
                shell.run_cell(cell).raise_error()
        print([sorted(output.data) for output in captured.outputs])
    """
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == f"{[['image/png', 'text/plain']] * len(PICTURES)}\n"
    assert list(tmp_path.iterdir()) == []


def test_without_a_directory_nothing_is_left(output: str, tmp_path: pathlib.Path):
    assert run(cwd=tmp_path) == output
    assert list(tmp_path.iterdir()) == []


def test_cells_are_marked_as_editors_expect():
    marks = re.findall(r"^# %%.*$", EXAMPLE.read_text(), re.MULTILINE)
    assert marks[0] == "# %% [markdown]"
    assert marks.count("# %%") >= 8
    assert set(marks) == {"# %%", "# %% [markdown]"}
