"""Courses of effort or speed over time. Times in seconds; ``power`` in the unit of what the mode commands."""

from __future__ import annotations

import math
from collections.abc import Iterable

from utils.controllers.course import Course, finite

__all__ = ["constant", "on_off", "sinusoidal", "square", "trapezoidal"]


def constant(power: float) -> Course:
    """Always the same: a speed in rad/s (hinge) or mm/s (slide)."""
    value = finite("power", power)
    return Course(f"constant({value:g})", lambda _: value, {"mode": "constant", "speed": value})


def sinusoidal(power: float, frequency: float = 1.0) -> Course:
    """``power · sin(2π · frequency · t)``."""
    amplitude, hertz = finite("power", power), _positive("frequency", frequency)
    return Course(
        f"sinusoidal({amplitude:g}, {hertz:g})",
        lambda t: amplitude * math.sin(2.0 * math.pi * hertz * t),
        {"mode": "sinusoidal", "speed": amplitude, "frequency": hertz},
    )


def on_off(power: float, frequency: float = 1.0) -> Course:
    """``power`` in the first half of every period, nothing in the second."""
    value, hertz = finite("power", power), _positive("frequency", frequency)
    return Course(
        f"on_off({value:g}, {hertz:g})",
        lambda t: value if (t * hertz) % 1.0 < 0.5 else 0.0,
        {"mode": "on_off", "speed": value, "frequency": hertz},
    )


def square(time_on_time_off: Iterable[tuple[float, float]], power: float) -> Course:
    """``power`` from each ``time_on`` to its ``time_off``, nothing between. Where the intervals are the first halves of
    equal periods from 0 on, the plan's mode ``on_off`` follows it."""
    value, intervals = finite("power", power), _intervals(time_on_time_off)
    hertz = _frequency_of(intervals)
    control = None if hertz is None else {"mode": "on_off", "speed": value, "frequency": hertz}
    return Course(
        f"square({intervals}, {value:g})", lambda t: value * any(on <= t < off for on, off in intervals), control
    )


def trapezoidal(time_on_time_off: Iterable[tuple[float, float]], power: float, ramp_up_time: float) -> Course:
    """As :func:`square`, rising and falling evenly within ``ramp_up_time`` at both ends of each interval."""
    value, intervals, ramp = finite("power", power), _intervals(time_on_time_off), _positive("ramp_up_time", ramp_up_time)
    for on, off in intervals:
        if off - on < 2.0 * ramp:
            raise ValueError(f"the interval from {on:g} s to {off:g} s is shorter than two ramps of {ramp:g} s")

    def share(t: float) -> float:
        return max((min(1.0, (t - on) / ramp, (off - t) / ramp) for on, off in intervals if on <= t <= off), default=0.0)

    return Course(f"trapezoidal({intervals}, {value:g}, {ramp:g})", lambda t: value * share(t), None)


def _positive(name: str, value: float) -> float:
    number = finite(name, value)
    if number <= 0.0:
        raise ValueError(f"{name} must be above 0, not {value!r}")
    return number


def _intervals(pairs: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    intervals = [(finite("time_on", on), finite("time_off", off)) for on, off in pairs]
    if not intervals:
        raise ValueError("time_on_time_off needs at least one pair (time_on, time_off)")
    before = 0.0
    for on, off in intervals:
        if on < before or off <= on:
            raise ValueError(f"the interval from {on:g} s to {off:g} s must follow the one before, and end after it begins")
        before = off
    return intervals


def _frequency_of(intervals: list[tuple[float, float]]) -> float | None:
    half = intervals[0][1]
    even = all(
        math.isclose(on, 2.0 * half * n, abs_tol=1e-9) and math.isclose(off, 2.0 * half * n + half, rel_tol=1e-9)
        for n, (on, off) in enumerate(intervals)
    )
    return 1.0 / (2.0 * half) if even and len(intervals) > 1 else None
