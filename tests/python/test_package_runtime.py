"""How a call of the package behaves in a process: threads, Ctrl-C, fork, memory, references."""

import collections.abc
import concurrent.futures
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

import convstep

# Calls that take minutes, as a program of its own; x, w and b are large.
LONG_CALLS = {
    "conv2d": "convstep.conv2d(x, w, padding=2)",
    "conv2d on one thread": "convstep.conv2d(x, w, padding=2, threads=1)",
    "conv2d on many threads": "convstep.conv2d(x, w, padding=2, threads=16)",
    "conv2d reference": "convstep.conv2d(x, w, padding=2, algorithm='reference')",
    "conv2d winograd":
        "convstep.conv2d(np.broadcast_to(np.float32(0), (64, 512, 512, 256)), np.zeros((3, 3, 256, 64), np.float32), "
        "algorithm='winograd', threads=3)",
    "Conv2d": "convstep.Conv2d(w, padding=2)(x)",
    "Conv2d on many threads": "convstep.Conv2d(w, padding=2)(x, threads=16)",
    "conv_forward": "convstep.conv_forward(x, w, np.zeros((1, 1, 1, 256)), {'stride': 1, 'pad': 2})",
    "pool_forward": "convstep.pool_forward(np.zeros((64, 512, 512, 16)), {'stride': 1, 'f': 100})",
    "max_pool2d": "convstep.max_pool2d(np.zeros((64, 512, 512, 16)), kernel_size=100, stride=1)",
    "max_pool2d return_indices":
        "convstep.max_pool2d(np.zeros((64, 512, 512, 16)), kernel_size=100, stride=1, return_indices=True)",
    "max_pool2d on many threads":
        "convstep.max_pool2d(np.zeros((64, 512, 512, 16)), kernel_size=100, stride=1, dilation=2, threads=16)",
    "max_pool2d of a small image":
        "convstep.max_pool2d(np.zeros((1, 800, 800, 1)), kernel_size=400, stride=1, return_indices=True)",
    "lp_pool2d": "convstep.lp_pool2d(np.zeros((64, 512, 512, 16)), kernel_size=100, stride=1, p=3)",
    "conv_backward": "convstep.conv_backward(g, (x, w, np.zeros((1, 1, 1, 256)), {'stride': 1, 'pad': 2}))",
    "conv2d_backward": "convstep.conv2d_backward(g, x, w, padding=2)",
    "conv2d_backward_input reference":
        "convstep.conv2d_backward_input(g, w, x.shape, padding=2, numerics='numpy')",
    "conv2d_backward_weights": "convstep.conv2d_backward_weights(g, x, w.shape, padding=2, bias=True)",
    "conv2d_backward_weights reference":
        "convstep.conv2d_backward_weights(g, x, w.shape, padding=2, numerics='numpy')",
    "max_pool2d_backward":
        "convstep.max_pool2d_backward(np.zeros((64, 413, 413, 16)), np.zeros((64, 512, 512, 16)), 100, 1)",
    "avg_pool2d_backward": "convstep.avg_pool2d_backward(np.zeros((64, 413, 413, 16)), (64, 512, 512, 16), 100, 1)",
    "lp_pool2d_backward":
        "convstep.lp_pool2d_backward(np.ones((64, 413, 413, 16)), np.ones((64, 512, 512, 16)), 3, 100, 1)",
    "activation_backward": "convstep.activation_backward("
        "np.broadcast_to(0.5, (2**13, 256, 256, 1)), np.broadcast_to(0.5, (2**13, 256, 256, 1)), 'tanh', threads=1)",
    "global_max_pool2d of one image": "convstep.global_max_pool2d(np.broadcast_to(np.zeros(1), (1, 2**18, 2**18, 1)))",
    "global_avg_pool2d": "convstep.global_avg_pool2d(np.broadcast_to(np.zeros(1), (2**16, 256, 256, 64)))",
}
SETUP = """
    import os, signal, sys, threading
    import numpy as np
    import convstep
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    x, w = np.zeros((8, 512, 512, 64)), np.zeros((5, 5, 64, 256))
    g = np.broadcast_to(0.0, (8, 512, 512, 256))
"""


def run_python(program: str, *arguments: str) -> str:
    """Runs a program of its own; its output."""
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program), *arguments], capture_output=True, text=True,
                          timeout=300, check=False)
    assert done.returncode == 0 and "nanobind" not in done.stderr, done.stderr
    return done.stdout


@pytest.mark.parametrize("call", LONG_CALLS.values(), ids=LONG_CALLS.keys())
def test_ctrl_c_ends_a_long_call(call: str) -> None:
    program = textwrap.dedent(SETUP) + textwrap.dedent(f"""
        print("started", flush=True)
        try:
            {call}
        except KeyboardInterrupt:
            print("interrupted", flush=True)
    """)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "started\n"
            time.sleep(1)  # now it is in the call; were it not, the test would still hold
            assert process.poll() is None
            process.send_signal(signal.SIGINT)
            assert process.communicate(timeout=10)[0] == "interrupted\n"
        finally:
            process.kill()


def test_a_handler_that_raises_nothing_lets_the_call_go_on() -> None:
    assert run_python("""
        import signal, threading
        import numpy as np
        import convstep
        seen = []
        signal.signal(signal.SIGALRM, lambda *_: seen.append(1))
        x, w = np.ones((1, 128, 128, 32)), np.ones((5, 5, 32, 64))
        expected = convstep.conv2d(x, w)
        signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
        while not seen:
            assert (convstep.conv2d(x, w) == expected).all()
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(len(seen) > 0)
    """) == "True\n"


def test_an_exception_of_a_handler_comes_through() -> None:
    assert run_python("""
        import signal
        import numpy as np
        import convstep
        def stop(*_):
            raise ConnectionError("raised by the handler")
        signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        try:
            convstep.conv2d(np.zeros((8, 512, 512, 64)), np.zeros((5, 5, 64, 256)))
        except ConnectionError as error:
            print(error)
    """) == "raised by the handler\n"


def long_inputs() -> tuple[np.ndarray, np.ndarray]:
    """A convolution of about a tenth of a second on one thread."""
    return np.ones((1, 384, 384, 32)), np.ones((5, 5, 32, 32))


def many(x: np.ndarray) -> np.ndarray:
    """A batch of 24 times the image, for what is fast: some tenths of a second again."""
    return np.broadcast_to(x, (24, *x.shape[1:]))


def during(call: collections.abc.Callable[[], object], action: collections.abc.Callable[[], object]) -> list:
    """What `action` returned, again and again, while `call` ran without the GIL.

    The interpreter is told not to take the GIL away from a thread, so the other thread can run only where this one
    gives it up by itself.
    """
    results: list = []
    begin, end = threading.Event(), threading.Event()

    def repeat() -> None:
        begin.wait()
        while not end.is_set():
            results.append(action())
            time.sleep(0.001)

    usual = sys.getswitchinterval()
    thread = threading.Thread(target=repeat)
    thread.start()
    sys.setswitchinterval(1000)
    try:
        begin.set()
        before = len(results)
        call()
        return results[before:]
    finally:
        sys.setswitchinterval(usual)
        end.set()
        thread.join()


@pytest.mark.parametrize("call", [
    lambda x, w: convstep.conv2d(x, w),
    lambda x, w: convstep.Conv2d(w)(x),
    lambda x, w: convstep.conv_forward(x, w, np.zeros((1, 1, 1, 32)), {"stride": 1, "pad": 0}),
    lambda x, w: convstep.max_pool2d(many(x), kernel_size=20, stride=1),
    lambda x, w: convstep.avg_pool2d(many(x), kernel_size=20, stride=1),
    lambda x, w: convstep.lp_pool2d(x, kernel_size=9, stride=1, p=3),
    lambda x, w: convstep.pool_forward(many(x), {"stride": 1, "f": 20}),
    lambda x, w: convstep.conv_single_step(x[0], x[0], 0.0),
])
def test_other_threads_run_meanwhile(call: collections.abc.Callable) -> None:
    x, w = long_inputs()
    assert len(during(lambda: call(x, w), lambda: 1)) > 5


def test_pad2d_lets_other_threads_run() -> None:
    assert len(during(lambda: convstep.pad2d(np.ones((16, 512, 512, 4)), padding=1), lambda: 1)) >= 1


def test_the_memory_stays_where_it_is() -> None:
    """Whoever wants to take it away during the call is told that it is in use."""
    x, w = long_inputs()
    memory = bytearray(x.tobytes())

    def take_away() -> str:
        try:
            memory.clear()
        except BufferError as error:
            return str(error)
        return "taken away"

    for call in (lambda: convstep.conv2d(memoryview(memory).cast("d", x.shape), w),
                 lambda: convstep.conv2d(np.frombuffer(memory).reshape(x.shape), w),
                 lambda: convstep.max_pool2d(np.frombuffer(memory).reshape(x.shape), kernel_size=20, stride=1)):
        told = during(call, take_away)
        assert told and all("re-sized" in message for message in told)
    array = x.copy()
    told = during(lambda: convstep.conv2d(array, w), lambda: pytest.raises(ValueError, array.resize, (1, 1, 1, 1)))
    assert told and array.shape == x.shape
    memory.clear()  # after the calls nothing holds it any more


def test_many_threads_at_once() -> None:
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((2, 40, 40, 8)), rng.standard_normal((3, 3, 8, 8))
    layer = convstep.Conv2d(w)
    calls = [lambda: convstep.conv2d(x, w), lambda: layer(x), lambda: convstep.max_pool2d(x, kernel_size=3),
             lambda: convstep.avg_pool2d(x, kernel_size=3, stride=1), lambda: convstep.l2_pool2d(x, kernel_size=2)]
    expected = [call() for call in calls]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            results = list(pool.map(lambda i: calls[i % len(calls)](), range(80)))
            for i, result in enumerate(results):
                np.testing.assert_array_equal(result, expected[i % len(calls)])


def test_errors_in_many_threads() -> None:
    def wrong(i: int) -> str:
        with pytest.raises(ValueError) as raised:
            convstep.conv2d(np.ones((1, 4, 4, 1)), np.ones((2, 2, 1, 1)), stride=-i)
        return str(raised.value)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert all(f"got (-{i}, -{i})" in message for i, message in enumerate(pool.map(wrong, range(1, 200)), 1))


def test_after_fork_the_child_computes() -> None:
    assert run_python("""
        import os
        import numpy as np
        import convstep
        x, w = np.arange(4 * 20 * 20 * 3.0).reshape(4, 20, 20, 3), np.ones((3, 3, 3, 5))
        expected = convstep.conv2d(x, w)
        children = []
        for _ in range(4):
            child = os.fork()
            if child == 0:
                pooled = convstep.max_pool2d(x, kernel_size=2)
                os._exit(0 if (convstep.conv2d(x, w) == expected).all() and pooled.shape[1] == 10 else 1)
            children.append(child)
        print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
    """) == "[0, 0, 0, 0]\n"


@pytest.mark.parametrize("size", [16, 512])
def test_the_process_may_end_during_a_call(size: int) -> None:
    """Threads that compute, in short calls or long ones, must not keep it from ending well."""
    assert run_python(f"""
        import threading, time
        import numpy as np
        import convstep
        x, w = np.zeros((1, {size}, {size}, 32)), np.zeros((5, 5, 32, 64))
        layer = convstep.Conv2d(w)
        def work():
            while True:
                convstep.conv2d(x, w)
                layer(x)
        for _ in range(4):
            threading.Thread(target=work, daemon=True).start()
        time.sleep(0.3)
        print("the end")
    """) == "the end\n"


def test_a_layer_that_is_in_use_as_the_interpreter_ends_is_no_leak() -> None:
    program = """
        import threading, time
        import numpy as np
        import convstep
        layer, x = convstep.Conv2d(np.ones((3, 3, 32, 32))), np.ones((4, 64, 64, 32))
        def work():
            while True:
                layer(x, threads=2)
        for _ in range(3):
            threading.Thread(target=work, daemon=True).start()
        time.sleep(0.3)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60,
                          check=True)
    assert done.stdout + done.stderr == ""
