"""The course of a motor: a function of time, and the entry of the plan that makes the simulation follow it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

__all__ = ["Course", "finite"]


class Course:
    """What a motor is told over time. ``course(t)`` is the command at ``t`` seconds.

    A script describes a course and the simulation follows it: write ``course.control()`` as the ``control`` of the part
    in ``assembly_definition.yaml``.
    """

    def __init__(self, name: str, value_at: Callable[[float], float], control: dict[str, Any] | None) -> None:
        self.name = name
        self._value_at = value_at
        self._control = control

    def __call__(self, t: float) -> float:
        """The command at ``t`` seconds."""
        return self._value_at(finite("t", t))

    def control(self, force_limit: float | None = None) -> dict[str, Any]:
        """The ``control`` of a part in ``assembly_definition.yaml``; ``force_limit`` in N·m for a hinge, N for a slide.

        Raises:
            ValueError: no mode of the plan follows this course; the message says what does.
        """
        if self._control is None:
            raise ValueError(
                f"{self.name} cannot be written as a control of assembly_definition.yaml; its modes are constant, "
                "sinusoidal, square, trapezoidal, on_off, position, waypoint, hold and oscillate"
            )
        limit = {} if force_limit is None else {"force_limit": finite("force_limit", force_limit)}
        return {**self._control, **limit}

    def __repr__(self) -> str:
        return f"<{self.name}>"


def finite(name: str, value: Any) -> float:
    """``value`` as a finite number."""
    if isinstance(value, (bool, str, bytes)) or not math.isfinite(number := float(value)):
        raise ValueError(f"{name} must be a finite number, not {value!r}")
    return number
