"""Completion in the shells themselves: zsh and bash on a terminal, fish by its own question. Absent shells are left out."""

import os
import pty
import select
import shutil
import subprocess
import time

import pytest

# Typed words, and what the line is after Tab.
LINES = {
    "convstep ta": "convstep targets ",
    "convstep pool-": "convstep pool-backward ",
    "convstep conv --stri": "convstep conv --stride ",
    "convstep conv --activation si": "convstep conv --activation sigmoid ",
    "convstep conv --activation=si": "convstep conv --activation=sigmoid ",
    "convstep conv pho": "convstep conv photo\\ one.png ",
    "convstep conv layer.npz:x emb": "convstep conv layer.npz:x emboss ",
    "convstep conv --stride=2 x.npy emb": "convstep conv --stride=2 x.npy emboss ",
    "convstep draw x.npy --output=pho": "convstep draw x.npy --output=photo\\ one.png ",
    "convstep print folder\\ two/in": "convstep print folder\\ two/inner.npy ",
    "convstep completion f": "convstep completion fish ",
}
# The line is written into a file when Ctrl-T is pressed; "ready" says that all is set up.
SET_UP = {
    "zsh": (["-f", "-i"], """PS1=; autoload -U compinit; compinit -u -D; source <(convstep completion zsh)
                             write_line() { print -rn -- "$BUFFER" > line; }; zle -N write_line; bindkey '^T' write_line
                             : > ready\n"""),
    "bash": (["--norc", "--noprofile", "-i"], """PS1=; source <(convstep completion bash)
                                                 bind -x '"\\C-t": printf %s "$READLINE_LINE" > line'
                                                 : > ready\n"""),
}


@pytest.fixture
def environment(build_dir, tmp_path):
    """The command in the PATH, and files to complete in the folder."""
    (tmp_path / "photo one.png").touch()
    (tmp_path / "folder two").mkdir()
    (tmp_path / "folder two" / "inner.npy").touch()
    return {"PATH": f"{build_dir}:/usr/bin:/bin", "HOME": str(tmp_path), "TERM": "dumb", "LC_ALL": "C.UTF-8"}


class Shell:
    """A shell on a terminal."""

    def __init__(self, name: str, folder, environment) -> None:
        self.folder = folder
        self.terminal, end = pty.openpty()
        options, set_up = SET_UP[name]
        self.process = subprocess.Popen([shutil.which(name), *options], cwd=folder, env=environment, stdin=end, stdout=end,
                                        stderr=end, start_new_session=True, close_fds=True)
        os.close(end)
        os.write(self.terminal, set_up.encode())
        self.wait_for("ready")

    def wait_for(self, name: str) -> str:
        """What the shell writes into a file of that name, which is taken away."""
        until = time.monotonic() + 30
        while not (self.folder / name).exists():
            assert time.monotonic() < until, f"no {name}"
            if select.select([self.terminal], [], [], 0.02)[0]:
                os.read(self.terminal, 1 << 16)
        time.sleep(0.05)  # until it is written
        text = (self.folder / name).read_text()
        (self.folder / name).unlink()
        return text

    def line_after_tab(self, typed: str) -> str:
        os.write(self.terminal, f"{typed}\t\x14".encode())
        line = self.wait_for("line")
        os.write(self.terminal, b"\x15")  # Ctrl-U: an empty line again
        return line

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)


@pytest.mark.parametrize("name", SET_UP)
def test_completion_on_a_terminal(name, environment, tmp_path):
    if shutil.which(name) is None:
        pytest.skip(f"there is no {name}")
    shell = Shell(name, tmp_path, environment)
    try:
        assert {typed: shell.line_after_tab(typed) for typed in LINES} == LINES
    finally:
        shell.close()


def test_completion_of_fish(environment, tmp_path):
    if shutil.which("fish") is None:
        pytest.skip("there is no fish")

    def complete(line: str) -> list[str]:
        script = "source (convstep completion fish | psub); complete -C $argv[1]"
        done = subprocess.run(["fish", "--no-config", "-c", script, line], cwd=tmp_path, env=environment, timeout=60,
                              capture_output=True, text=True)
        assert done.stderr == ""
        return [found.split("\t")[0] for found in done.stdout.splitlines()]

    assert complete("convstep po") == ["pool", "pool-backward"]
    assert complete("convstep conv --stri") == ["--stride"]
    assert complete("convstep conv --activation re") == ["relu", "relu6"]
    assert complete("convstep conv --activation=re") == ["--activation=relu", "--activation=relu6"]
    for typed in ("pho", "'pho", '"pho'):
        assert complete(f"convstep conv {typed}") == ["photo one.png"]
    assert complete("convstep draw x.npy --output=pho") == ["--output=photo one.png"]
    assert complete("convstep print folder\\ two/in") == ["folder two/inner.npy"]
    assert complete("convstep completion ") == ["bash", "fish", "zsh"]
