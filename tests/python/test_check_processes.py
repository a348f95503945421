"""Functions that hang, crash, print, end the program or fill the memory are reported; those that call the check go on."""

import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import check_sources as right
from check_sources import changed, made
from convstep import check


def test_a_function_that_hangs_is_stopped_on_its_line():
    finding = check.zero_pad(made("def zero_pad(X, pad):\n    n = 0\n    while n < 1:\n        n = 0\n", "zero_pad"), timeout=0.5)
    assert finding.kind == "hang" and finding.where.line in (3, 4) and "0.5 seconds" in finding.message


def test_a_function_that_may_be_slow_is_told_how_far_it_came():
    source = changed(right.ZERO_PAD, ("    X_pad =", "    import time; time.sleep(60 if pad == 2 else 0)\n    X_pad ="))
    finding = check.zero_pad(made(source, "zero_pad"), timeout=0.5)
    assert finding.kind == "hang" and "had done 1 of 4 inputs, and may only be slow" in finding.notes[0], str(finding)


@pytest.mark.parametrize("shape", ["(3000, 3000)", "(10000, 10000)", "(1, 5, 6, 10**7)"])
def test_a_large_array_is_told_by_its_shape(shape):
    finding = check.zero_pad(made(f"import numpy as np\ndef zero_pad(X, pad):\n    return np.zeros({shape}, np.int8)", "zero_pad"))
    assert finding.kind == "shape" and "numbers, where 180 are expected" in finding.message, str(finding)


def test_arrays_that_would_be_large_are_not_made():
    finding = check.zero_pad(yours=np.zeros((1, 3, 3, 1)), X=np.zeros((1, 3, 3, 1)), pad=10**9)
    assert finding.kind == "shape" and "(1, 2000000003, 2000000003, 1)" in finding.evidence, str(finding)


def test_a_function_that_catches_everything_is_stopped():
    source = "def zero_pad(X, pad):\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass\n"
    assert check.zero_pad(made(source, "zero_pad"), timeout=0.3).kind == "hang"


def test_a_helper_that_hangs_is_named():
    finding = check.conv_forward(made(changed(right.CONV, ("    Z = np.sum(s)", "    while True: pass")), "conv_forward"), timeout=0.5)
    assert finding.kind == "hang" and finding.where.function == "conv_single_step", str(finding)
    assert "conv_single_step, which it calls, is not" in finding.message


def test_a_later_input_that_hangs_is_named():
    source = changed(right.ZERO_PAD, ("    X_pad =", "    while pad == 2: pass\n    X_pad ="))
    finding = check.zero_pad(made(source, "zero_pad"), timeout=0.5)
    assert finding.kind == "hang" and "pad 2" in finding.evidence


@pytest.mark.parametrize("body, words", [
    ("import os; os._exit(3)", "with the exit status 3"),
    ("import os; os._exit(0)", "with the exit status 0"),
    ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "by the signal SIGSEGV"),
    ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "by the signal SIGKILL"),
])
def test_a_function_that_crashes_is_reported(body, words):
    finding = check.zero_pad(made(f"def zero_pad(X, pad):\n    {body}", "zero_pad"))
    assert finding.kind == "crash" and words in finding.message


def test_what_a_function_prints_is_counted_and_left_out(capfd):
    finding = check.zero_pad(made(changed(right.ZERO_PAD, ("    return", "    print(X)\n    return")), "zero_pad"))
    printed = capfd.readouterr()
    assert finding.right and "lines, which are left out here" in finding.notes[0]
    assert printed.err == "" and "[[[" not in printed.out


def test_any_way_to_print_is_left_out(capfd):
    source = changed(right.ZERO_PAD, ("    return", "    import sys; sys.stdout.buffer.write(b'x'); sys.stderr.write('y'); sys.stdout.flush()\n    return"))
    assert check.zero_pad(made(source, "zero_pad")).right
    assert capfd.readouterr().err == ""


def test_a_check_in_a_thread_works():
    import concurrent.futures

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: check.zero_pad(made(right.ZERO_PAD, "zero_pad")).right, range(8)))
    assert found == [True] * 8
    hung = made("def zero_pad(X, pad):\n    while True: pass", "zero_pad")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        assert pool.submit(check.zero_pad, hung, timeout=0.3).result().kind == "hang"


def test_the_learners_process_stays_as_it_was():
    names = {"np": np, "calls": []}
    exec("def zero_pad(X, pad):\n    calls.append(1)\n    return np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)))", names)
    state = np.random.get_state()[1].copy()
    assert check.zero_pad(names["zero_pad"]).right
    assert names["calls"] == [] and np.array_equal(np.random.get_state()[1], state)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)  # no child is left


def test_ctrl_c_ends_the_check():
    program = textwrap.dedent("""
        import os, signal, threading
        from convstep import check
        signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored by what shells run in the background
        threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        def zero_pad(X, pad):
            while True: pass
        try:
            check.zero_pad(zero_pad, timeout=60)
        except KeyboardInterrupt:
            print("interrupted")
    """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert done.stdout == "interrupted\n", done.stderr


def test_a_check_beside_threads_works():
    program = textwrap.dedent("""
        import threading, numpy as np, convstep
        from convstep import check
        stop = threading.Event()
        threads = [threading.Thread(target=stop.wait) for _ in range(4)]
        for thread in threads: thread.start()
        convstep.conv2d(np.ones((8, 64, 64, 16)), np.ones((3, 3, 16, 16)), layout="NHWC")
        assert check.zero_pad(convstep.zero_pad).right
        assert check.conv_forward(convstep.conv_forward).right
        stop.set()
    """)
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_all_eight_take_little_time():
    import time

    source = right.CONV + right.POOL + right.CONV_BACK + right.POOL_BACK
    names = {"np": np}
    exec(source, names)
    begin = time.process_time() + sum(os.times()[2:4])
    found = check.all(names)
    spent = time.process_time() + sum(os.times()[2:4]) - begin
    assert found.right and len(found) == 8
    assert spent < 2, spent  # seconds of processor time; it is about 0.1
