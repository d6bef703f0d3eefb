"""Courses of place over time: rad for a hinge, mm for a slide; times in seconds."""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable

from utils.controllers.course import Course, finite

__all__ = ["drive_to", "hold_position", "oscillate", "waypoint"]


def drive_to(target: float) -> Course:
    """Goes to ``target`` at once and stays there."""
    place = finite("target", target)
    return Course(f"drive_to({place:g})", lambda _: place, {"mode": "position", "speed": place})


def hold_position(target: float = 0.0) -> Course:
    """Stays at ``target``; 0 is where the part is built."""
    place = finite("target", target)
    control = {"mode": "hold"} if place == 0.0 else {"mode": "position", "speed": place}
    return Course(f"hold_position({place:g})", lambda _: place, control)


def waypoint(schedule: Iterable[tuple[float, float]]) -> Course:
    """Passes each ``(time, place)`` of the schedule, evenly in between; times must rise."""
    points = [(finite("time", time), finite("place", place)) for time, place in schedule]
    if not points:
        raise ValueError("schedule needs at least one pair (time, place)")
    times = [time for time, _ in points]
    if any(after <= before for before, after in zip(times, times[1:], strict=False)):
        raise ValueError(f"the times of the schedule must rise, found {times}")

    def place_at(t: float) -> float:
        after = bisect.bisect_right(times, t)
        if after in (0, len(points)):
            return points[min(after, len(points) - 1)][1]
        (t0, p0), (t1, p1) = points[after - 1], points[after]
        return p0 + (p1 - p0) * (t - t0) / (t1 - t0)

    return Course(f"waypoint({points})", place_at, {"mode": "waypoint", "waypoints": [list(point) for point in points]})


def oscillate(center: float, amplitude: float, frequency: float = 1.0, phase: float = 0.0) -> Course:
    """``center + amplitude · sin(2π · frequency · t + phase)``. The plan's mode ``oscillate`` starts at phase 0."""
    middle, swing, hertz, shift = (
        finite(name, value)
        for name, value in (("center", center), ("amplitude", amplitude), ("frequency", frequency), ("phase", phase))
    )
    control = {"mode": "oscillate", "center": middle, "speed": swing, "frequency": hertz} if shift == 0.0 else None
    return Course(
        f"oscillate({middle:g}, {swing:g}, {hertz:g}, {shift:g})",
        lambda t: middle + swing * math.sin(2.0 * math.pi * hertz * t + shift),
        control,
    )
