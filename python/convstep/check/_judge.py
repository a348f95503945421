"""From a function, or arrays, to a finding."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from convstep import _core
from convstep.check import _child, _raised
from convstep.check._exception import Raised
from convstep.check._explain import explain, first_wrong_name
from convstep.check._finding import Difference, Finding, Place
from convstep.check._functions import ALL, Case, Checked, arguments, describe, output_shapes, rights
from convstep.check._lines import likely_line
from convstep.check._result import read, read_cache, read_inputs

SECONDS = 10.0  # for all calls of one function


def judge(function: Checked, given: Callable[..., Any], seconds: float = SECONDS, wrong: Iterable[str] = ()) -> Finding:
    """What is wrong with `given`. Its helpers among `wrong` are replaced by right ones."""
    if not callable(given):
        return Finding(function.name, "missing", f"What is given as {function.name} is no function.",
                       f"it is a {type(given).__name__}",
                       f"Give the function itself: check.{function.name}(my_{function.name}), without calling it")
    used = _used_helpers(function, given)
    replaced = [name for name in used if name in wrong]
    finding = _judge_once(function, given, seconds, replaced)
    if finding.right or replaced or not used:
        return _with_notes(finding, [f"judged with a right {' and '.join(replaced)} in place of yours"] if replaced else [])
    if finding.kind == "hang":  # which takes its time: only a helper that hangs is looked at
        used = [name for name in used if finding.where and finding.where.function == name]
    suspects = [[name] for name in used] + ([used] if len(used) > 1 else [])
    for blamed in suspects:
        if _judge_once(function, given, seconds, blamed).right:
            return _blame(function, given, finding, blamed, seconds)
    return finding


def _blame(function: Checked, given: Callable[..., Any], finding: Finding, blamed: list[str], seconds: float) -> Finding:
    """The function is right but for helpers."""
    names = getattr(inspect.unwrap(given), "__globals__", {})
    found = [judge(ALL[name], names[name], seconds) for name in blamed if callable(names.get(name))]
    wrong = [one for one in found if not one.right]
    missing = [name for name in blamed if name not in names]
    if missing:
        return finding  # a NameError, which says so
    message = f"{function.name} itself is right; {' and '.join(blamed)}, which it calls, is not."
    if not wrong:
        return replace(finding, message=message, where=None, first_difference=None)
    message = f"{message} {' '.join(one.message for one in wrong)}"
    return replace(wrong[0], function=function.name, message=message, mistakes=wrong[0].mistakes or finding.mistakes)


def judge_arrays(function: Checked, case: Case, yours: list[np.ndarray[Any, Any]]) -> Finding:
    """What is wrong with outputs for inputs of the learner's own."""
    return _finding(function, [case], [yours], None)


def cases_of(function: Checked) -> list[Case]:
    """The inputs that a function is tried on."""
    return list(_core.check_cases(function.name))


def _used_helpers(function: Checked, given: Callable[..., Any]) -> list[str]:
    """The helpers that the code of `given` names, whether or not they are there."""
    code = getattr(inspect.unwrap(given), "__code__", None)
    return [name for name in function.helpers if code is not None and name in code.co_names]


def _with_notes(finding: Finding, notes: list[str]) -> Finding:
    return replace(finding, notes=(*finding.notes, *notes)) if notes else finding


def _judge_once(function: Checked, given: Callable[..., Any], seconds: float, replaced: list[str]) -> Finding:
    cases = cases_of(function)
    trials = _child.run(lambda case: _try(function, given, case, replaced), cases, seconds)
    reports = trials.reports
    for case, report in zip(cases, reports):
        if "hang" in report:
            return _hang_finding(function, cases, reports.index(report), report["hang"], seconds)
        if "fault" in report:
            raise RuntimeError(f"the check itself failed:\n{report['fault']}")
    if trials.ended == "hang":
        return _hang_finding(function, cases, min(len(reports), len(cases) - 1), None, seconds)
    if trials.ended == "crash":
        return _crash_finding(function, cases[min(len(reports), len(cases) - 1)], trials.status)
    if any("raised" in report for report in reports):
        return _raising_finding(function, given, cases, reports)
    finding = _returned_finding(function, given, cases, reports)
    lines = sum(report["printed"] for report in reports)
    printed = f"the function printed {lines} lines, which are" if lines > 1 else "the function printed 1 line, which is"
    return _with_notes(finding, [f"{printed} left out here"] if lines else [])


def _try(function: Checked, given: Callable[..., Any], case: Case, replaced: list[str]) -> dict[str, Any]:
    """One call, in the child: what came of it, as plain data."""
    names = getattr(inspect.unwrap(given), "__globals__", {})
    for name in replaced:
        names[name] = rights()[name]
    positional, named = arguments(function, case)
    before, _ = arguments(function, case)
    with _child.counted_prints() as printed:
        try:
            returned = given(*positional, **named)
        except _child.OutOfTime as late:
            _child.stop_the_clock()
            frames = _raised.own_frames(late.__traceback__)
            return {"hang": _place_of(frames[-1]) if frames else None, "last": True}
        except BaseException as error:
            return {"raised": _raised.describe(error), "last": False}
    arrays, cache, problem = read(function, returned, output_shapes(function, case))
    report: dict[str, Any] = {"arrays": arrays, "problem": problem, "printed": printed.lines, "cache": None, "last": False}
    flat_before, flat_after = _flat(before), _flat(positional)
    in_names = [*function.inputs, "hparameters"]
    report["inputs"] = read_inputs(flat_before, flat_after, in_names)
    if function.has_cache and problem is None:
        report["cache"] = read_cache(function, cache, flat_after)
    report["last"] = problem is not None
    return report


def _flat(given: list[Any]) -> list[Any]:
    """The arguments, with what is in a cache beside the others."""
    flat: list[Any] = []
    for argument in given:
        is_cache = isinstance(argument, tuple) and any(isinstance(part, np.ndarray) for part in argument)
        flat += list(argument) if is_cache else [argument]
    return flat


def _place_of(frame_and_line: Any) -> tuple[str, int, str, str]:
    frame, line = frame_and_line
    return frame.f_code.co_filename, line, _raised.source_line(frame, line), frame.f_code.co_name


def _place(where: tuple[str, int, str, str] | None) -> Place | None:
    return Place(where[0], where[1], where[2], where[3]) if where else None


def _exception_finding(function: Checked, case: Case, report: dict[str, Any]) -> Finding:
    where = report["where"]
    raised = Raised(function, case, report["type"], report["text"], report["cause"], where[2] if where else "", report["facts"],
                    report["names"], report["key"], report["missing"])
    message, hint, solution = explain(raised)
    wrong = first_wrong_name(raised)
    evidence = f"{report['type']}: {report['text']}" if report["text"] else report["type"]
    if report["facts"]:
        evidence += f"; there {', '.join(report['facts'])}"
    if wrong:
        evidence += f"; before that, {wrong}"
    return Finding(function.name, "exception", message, f"{evidence} ({describe(function, case)})", hint, (report["type"],), None,
                   _place(where), (), solution)


# What a window that does not fit ends with.
_MISFITS = ("ValueError", "IndexError")


def _raising_finding(function: Checked, given: Any, cases: list[Case], reports: list[dict[str, Any]]) -> Finding:
    """Some calls end with an exception. A known mistake that ends with one just there says more than its text does."""
    case, first = next((case, report["raised"]) for case, report in zip(cases, reports) if "raised" in report)
    finding = _exception_finding(function, case, first)
    raised = [report["raised"]["type"] for report in reports if "raised" in report]
    misfit = all(kind in _MISFITS for kind in raised) and len(raised) < len(reports)
    if not misfit or any(report.get("problem") for report in reports):
        return finding
    it = _core.check_outputs(function.name, cases, [report.get("arrays", []) for report in reports])
    if not it["mistakes"]:
        return finding
    return replace(finding, kind="values", message=it["message"], hint=it["hint"], mistakes=it["mistakes"], solution=it["reveal"],
                   where=likely_line(given, *it["mistakes"]) or finding.where)


def _hang_finding(function: Checked, cases: list[Case], done: int, where: Any, seconds: float) -> Finding:
    case = cases[done]
    slow = (f"it had done {done} of {len(cases)} inputs, and may only be slow: "
            f"check.{function.name}(..., timeout={6 * seconds:g}) gives it more time")
    compiled = "it was in compiled code, perhaps of a library whose own threads do not survive the fork that a check makes"
    return Finding(
        function.name, "hang", f"The function does not come to an end within {seconds:g} seconds.",
        f"stopped in input {done + 1} of {len(cases)} ({describe(function, case)})",
        "Which loop never ends? Does its condition change inside it?",
        where=_place(where), notes=(slow,) if where else (slow, compiled),
        solution="for h in range(n_H) ends by itself; a while needs a counter that is counted up",
    )


def _crash_finding(function: Checked, case: Case, status: str) -> Finding:
    return Finding(
        function.name, "crash", f"The function ended its process {status}.", f"called with {describe(function, case)}",
        "Does it end the program (os._exit), or call compiled code with a wrong pointer or size?", (), None, None, (),
        "return the result, and leave the process alone",
    )


def _problem_finding(function: Checked, case: Case, problem: Mapping[str, str], given: Any) -> Finding:
    evidence = f"{problem['evidence']} ({describe(function, case)})"
    return Finding(function.name, problem["kind"], problem["message"], evidence, problem["hint"], (), None,
                   likely_line(given, problem["kind"]), (), problem["solution"])


def _returned_finding(function: Checked, given: Any, cases: list[Case], reports: list[dict[str, Any]]) -> Finding:
    for case, report in zip(cases, reports):
        if report["problem"]:
            return _problem_finding(function, case, report["problem"], given)
    finding = _finding(function, cases, [report["arrays"] for report in reports], given)
    for kind in ("inputs", "cache"):
        for case, report in zip(cases, reports):
            if report[kind] and (finding.right or (kind == "inputs" and finding.kind == "unexplained")):
                return _problem_finding(function, case, report[kind], given)
    return finding


def _finding(function: Checked, cases: list[Case], yours: list[list[np.ndarray[Any, Any]]], given: Any) -> Finding:
    it = _core.check_outputs(function.name, cases, yours)
    difference = it["first_difference"]
    if it["kind"] == "right":
        return Finding(function.name, "right", f"right, on {len(cases)} inputs." if given else "right.")
    return Finding(
        function.name, it["kind"], it["message"], it["evidence"], it["hint"], it["mistakes"],
        _difference(function, cases, difference) if difference else None, likely_line(given, *it["mistakes"]), (), it["reveal"],
    )


def _difference(function: Checked, cases: list[Case], it: Mapping[str, Any]) -> Difference:
    window = it["window"] if any(it["window"]) else None
    image, channel, padded = None, 0, function.name.startswith("conv")
    if window and "A_prev" in cases[it["number"]]["inputs"]:
        case = cases[it["number"]]
        pad = case["pad"] if padded else 0
        channel = 0 if padded else it["index"][3]
        image = np.pad(case["inputs"]["A_prev"][it["index"][0], :, :, channel], pad)
    return Difference(it["output"], it["index"], it["yours"], it["right"], it["terms"], window, it["change"], image, channel,
                      padded)
