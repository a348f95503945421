"""Children that are forked before, during and after calls on threads."""

import os

import pytest

from test_package_runtime import run_python


def test_a_child_forked_during_another_threads_first_call_computes() -> None:
    """What a first call initialises, it must not hold a lock for: the thread that holds it is not in the child."""
    assert run_python("""
        import os, signal, sys, threading
        import numpy as np
        import convstep
        x, w = np.ones((1, 20, 20, 16), np.float32), np.ones((3, 3, 16, 32), np.float32)
        calls = [lambda: convstep.conv2d(x, w), lambda: convstep.max_pool2d(x, kernel_size=2, threads=2),
                 lambda: convstep.conv2d(x, w, algorithm="direct", threads=2), lambda: convstep.Conv2d(w)(x)]
        for trial in range(200):
            first = os.fork()  # has used nothing yet
            if first == 0:
                signal.alarm(60)
                call = calls[trial % len(calls)]
                thread = threading.Thread(target=call)
                thread.start()
                for _ in range(trial % 7):
                    x.sum()
                second = os.fork()
                if second == 0:
                    signal.alarm(60)
                    call()
                    os._exit(0)
                thread.join()
                os._exit(os.waitstatus_to_exitcode(os.waitpid(second, 0)[1]) != 0)
            status = os.waitpid(first, 0)[1]
            assert status == 0, (trial, status)
        print("right")
    """) == "right\n"


def test_a_child_forked_before_the_first_call_has_threads() -> None:
    """As a service does that goes to the background; but forked later, it has none."""
    if not os.path.exists("/proc/self/task"):
        pytest.skip("the threads of a process are those of Linux")
    assert run_python("""
        import os
        import numpy as np
        import convstep
        x, w = np.ones((4, 64, 64, 32)), np.ones((3, 3, 32, 64))
        convstep.set_num_threads(3)

        def say_in_a_child():
            child = os.fork()
            if child == 0:
                before = len(os.listdir("/proc/self/task"))
                convstep.conv2d(x, w)
                print(convstep.num_threads(), len(os.listdir("/proc/self/task")) > before, flush=True)
                os._exit(0)
            os.waitpid(child, 0)

        say_in_a_child()
        convstep.conv2d(x, w)
        say_in_a_child()
        print(convstep.num_threads())
    """) == "3 True\n1 False\n3\n"


def test_a_child_forked_after_threads_were_used_computes() -> None:
    assert run_python("""
        import multiprocessing, threading
        import numpy as np
        import convstep
        x, w = np.arange(2 * 60 * 60 * 32.0).reshape(2, 60, 60, 32) % 11, np.ones((3, 3, 32, 48))
        layer = convstep.Conv2d(w)

        def results(_):
            return [convstep.conv2d(x, w, threads=4), layer(x, threads=4),
                    convstep.max_pool2d(x, kernel_size=3, threads=4),
                    convstep.avg_pool2d(x, kernel_size=7, stride=1, threads=4)]

        expected = results(None)

        def is_right(got):
            return all((a == b).all() for a, b in zip(got, expected, strict=True))

        # Other threads are in the midst of calls when the children are made.
        end = threading.Event()
        def busy():
            while not end.is_set():
                layer(x, threads=3)
        callers = [threading.Thread(target=busy) for _ in range(2)]
        for caller in callers:
            caller.start()
        context = multiprocessing.get_context("fork")
        with context.Pool(3) as pool:
            print(all(map(is_right, pool.map(results, range(9)))))
        end.set()
        for caller in callers:
            caller.join()
        print(is_right(results(None)))
    """) == "True\nTrue\n"
