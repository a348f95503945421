"""The Makefile: what its targets would do on a machine that has nothing built yet."""

import pathlib
import re
import subprocess

MAKEFILE = pathlib.Path(__file__).resolve().parent.parent.parent / "Makefile"


def commands(target: str, folder: pathlib.Path, *variables: str) -> list[str]:
    make = ["make", "--dry-run", "--no-print-directory", "-C", folder, "-f", MAKEFILE, "CI=", *variables, target]
    return subprocess.run(make, check=True, capture_output=True, text=True).stdout.splitlines()


def test_a_build_compiles_what_is_installed_and_the_test_all(tmp_path):
    installed, everything = ("cmake --build --preset release" + rest for rest in (" --target convstep_main", ""))
    for target in ("build", "demo", "python"):
        assert installed in commands(target, tmp_path)
        assert everything not in commands(target, tmp_path)
    test = commands("test", tmp_path)
    assert test.index(everything) < test.index("ctest --preset release -LE full")


def test_the_tests_are_configured_for_make_test_and_then_kept(tmp_path):
    def configured(target: str) -> set[str]:
        return set(re.findall(r"cmake --preset release .*BUILD_TESTS=(\w+)", "\n".join(commands(target, tmp_path))))

    assert [configured(target) for target in ("demo", "build", "python", "tidy", "bench-quick")] == [{"OFF"}] * 5
    assert configured("test") == configured("test-full") == {"ON"}
    (tmp_path / "build" / "release" / "tests").mkdir(parents=True)
    assert configured("demo") == configured("python") == {"ON"}


def test_warnings_are_errors_in_ci_alone(tmp_path):
    for ci, setting in (("", "OFF"), ("true", "ON")):
        configured = [line for line in commands("test", tmp_path, f"CI={ci}") if line.startswith("cmake --preset")]
        assert configured and all(f"-DCONVSTEP_WARNINGS_AS_ERRORS={setting}" in line for line in configured)


def test_make_alone_lists_the_targets(tmp_path):
    phony = MAKEFILE.read_text().partition(".PHONY: ")[2].partition("\n\n")[0].replace("\\", "").split()
    targets = {name for name in phony if name not in ("help", "bench-adapters") and not name.startswith("setup-")}
    done = subprocess.run(["make", "-C", tmp_path, "-f", MAKEFILE], check=True, capture_output=True, text=True)
    assert set(re.findall(r" make ([a-z-]+)", done.stdout.replace("what make test", ""))) == targets
    assert "setup" not in done.stdout and list(tmp_path.iterdir()) == []


def test_only_the_tests_bring_what_only_they_need(tmp_path):
    python, test = (re.findall(r"setup\.sh (.*)", "\n".join(commands(name, tmp_path))) for name in ("python", "test"))
    assert "test" not in " ".join(python) and "build test" in test
    assert "source .venv/bin/activate" in commands("python", tmp_path)[-1]
