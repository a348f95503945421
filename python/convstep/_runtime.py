"""What calls run on: threads and SIMD targets."""

# Declarations have no body: see _compiled.py.
# mypy: disable-error-code="empty-body"
# pyright: reportReturnType=false

from convstep._compiled import compiled
from convstep._types import Int


@compiled
def simd_targets() -> list[str]:
    """The SIMD instruction sets that calls can use on this machine, best first.

    Returns
    -------
    names : list of str
        Such as "avx512", "avx2", "sse4" or "neon"; the last one, "emulated" or "scalar", needs nothing of the processor.

    Examples
    --------
    >>> len(simd_targets()) >= 1
    True
    """


@compiled
def simd_target() -> str:
    """The SIMD instruction set that calls use.

    The best one, unless `set_simd_target` or the environment variable CONVSTEP_TARGET says otherwise.

    Returns
    -------
    name : str

    Raises
    ------
    ValueError
        CONVSTEP_TARGET names a target that this machine does not have.

    Examples
    --------
    >>> simd_target() in simd_targets()
    True
    """


@compiled
def set_simd_target(target: str) -> None:
    """Choose the SIMD instruction set of all calls from now on.

    Results are the same bits on all targets with fused multiply-add, which are all but "sse4", "emulated" and "scalar".

    Parameters
    ----------
    target : str
        One of `simd_targets()`, or "" for the best.

    Raises
    ------
    ValueError
        This machine does not have that target.
    TypeError
        `target` is no string.

    Examples
    --------
    >>> set_simd_target(simd_targets()[-1])
    >>> simd_target() == simd_targets()[-1]
    True
    >>> set_simd_target("")
    """


@compiled
def num_threads() -> int:
    """The number of threads of a call that is not given one.

    At first what the environment variable CONVSTEP_NUM_THREADS says, or else as many processors as the process may use.
    Calls too small to gain stay on the caller's thread. So do all calls in a child forked after threads were used, where this is 1.

    Returns
    -------
    threads : int

    Raises
    ------
    ValueError
        CONVSTEP_NUM_THREADS is no number from 1 to 1024.

    Examples
    --------
    >>> num_threads() >= 1
    True
    """


@compiled
def set_num_threads(threads: Int) -> None:
    """Choose how many threads a call uses that is not told otherwise.

    The number of threads never changes a bit of any result.

    Parameters
    ----------
    threads : int
        1 to 1024, or 0 for what it was at first.

    Raises
    ------
    ValueError, TypeError
        `threads` is another number, or none.

    Examples
    --------
    >>> set_num_threads(2)
    >>> num_threads()
    2
    >>> set_num_threads(0)
    """


@compiled
def release_memory() -> None:
    """Give back the memory that threads keep from call to call for their next one, mostly below 2 MB each.

    Calls under way keep what they use; the next ones ask for it anew.

    Examples
    --------
    >>> release_memory()
    """


@compiled
def caller_may_move() -> bool:
    """Whether a call may move its thread to another processor.

    Linux sometimes wakes a helping thread on the processor of the thread that calls, to wait there for milliseconds while
    others are idle. Where this is True, the caller then makes room. At first True if the environment variable
    CONVSTEP_CALLER_MAY_MOVE is 1, else False.

    Returns
    -------
    may : bool

    Examples
    --------
    >>> caller_may_move()
    False
    """


@compiled
def set_caller_may_move(may: bool) -> None:
    """Choose whether a call may move its thread to another processor.

    Short calls on several threads may gain by it on machines of few processors. The thread's affinity is as before after
    the move.

    Parameters
    ----------
    may : bool

    Raises
    ------
    TypeError
        `may` is neither True nor False.

    Examples
    --------
    >>> set_caller_may_move(True)
    >>> caller_may_move()
    True
    >>> set_caller_may_move(False)
    """
