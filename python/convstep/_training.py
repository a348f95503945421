"""How a network learns: its optimizers, and what they made of it."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import ClassVar

from convstep._compiled import hinted
from convstep._types import Real


@hinted
@dataclass(frozen=True)
class Sgd:
    """Stochastic gradient descent: v = momentum*v + gradient + decay*w, w -= rate*v.

    >>> Sgd(0.1, momentum=0.9)
    Sgd(rate=0.1, momentum=0.9, decay=0.0)
    """

    rate: Real = 0.01
    momentum: Real = 0.0
    decay: Real = 0.0
    _kind: ClassVar[str] = "sgd"


@hinted
@dataclass(frozen=True)
class Adam:
    """Kingma and Ba, Adam: a method for stochastic optimization, 2015.

    With g the gradient plus decay*w, at step t: m = beta1*m + (1-beta1)*g, v = beta2*v + (1-beta2)*g**2,
    w -= rate * (m / (1-beta1**t)) / (sqrt(v / (1-beta2**t)) + epsilon).

    >>> Adam(rate=1e-3).beta1
    0.9
    """

    rate: Real = 1e-3
    beta1: Real = 0.9
    beta2: Real = 0.999
    epsilon: Real = 1e-8
    decay: Real = 0.0
    _kind: ClassVar[str] = "adam"


@dataclass
class History:
    """What the epochs came to, a number for each.

    Losses and accuracies are means over all examples, of the batches before each step; those of the validation are taken
    after the epoch, and empty without examples for it. Accuracies are empty where there are no classes.

    >>> History(loss=[2.3, 1.1], accuracy=[0.1, 0.7]).loss[-1]
    1.1
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)

    def _add(self, epoch: tuple[float, ...], has_classes: bool, is_validated: bool) -> None:
        self.loss.append(epoch[0])
        if has_classes:
            self.accuracy.append(epoch[1])
        if is_validated:
            self.validation_loss.append(epoch[2])
        if is_validated and has_classes:
            self.validation_accuracy.append(epoch[3])

    def _last(self) -> str:
        parts = [f"{name.replace('_', ' ')} {values[-1]:.4g}" for name, values in vars(self).items() if values]
        return f"epoch {len(self.loss)}: {', '.join(parts)}"


class Bar:
    """A line on a terminal that says how far the training is."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._shown = -1

    def step(self, step: int, steps: int, loss: float) -> None:
        percent = 100 * step // max(steps, 1)
        if percent != self._shown:
            self._shown = percent
            print(f"\r\x1b[K{percent:3d}% loss {loss:.4g}", end="", file=sys.stderr, flush=True)

    def epoch(self) -> None:
        print(f"\r\x1b[K{self._history._last()}", file=sys.stderr, flush=True)
        self._shown = -1
