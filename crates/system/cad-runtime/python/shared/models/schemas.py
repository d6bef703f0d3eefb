"""What every part of a design says about itself: ``part.metadata = PartMetadata(material_id="aluminum_6061")``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from shared.enums import JointType, ManufacturingMethod
from shared.models.validation import MetadataError, Record, finite_numbers, member, text_or_none, truth

__all__ = ["CompoundMetadata", "JointMetadata", "MetadataError", "PartMetadata"]

_UNSET: Any = object()


def _held(owner: str, is_fixed: Any, fixed: Any) -> bool:
    """``is_fixed`` and its short name ``fixed`` are one field."""
    if fixed is _UNSET:
        return truth(owner, "is_fixed", is_fixed)
    held = truth(owner, "fixed", fixed)
    if is_fixed is not False and is_fixed != held:
        raise MetadataError(f"{owner} is given is_fixed={is_fixed!r} and fixed={fixed!r}; give one of them")
    return held


def _joint(owner: str, value: Any) -> JointMetadata | None:
    if value is None or isinstance(value, JointMetadata):
        return value
    if isinstance(value, dict):
        return JointMetadata.model_validate(value)
    raise MetadataError(f"{owner}.joint must be a JointMetadata, not {value!r}")


@dataclass
class JointMetadata(Record):
    """How a part moves against the world.

    ``type``: ``hinge`` turns about ``axis``, ``slide`` moves along it. ``axis``: three numbers, not all zero, any
    length. ``range``: lower and upper limit, radians for a hinge and millimetres for a slide; None is unlimited.
    """

    type: JointType
    axis: tuple[float, float, float]
    range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        owner = type(self).__name__
        self.type = member(owner, "type", JointType, self.type)
        self.axis = finite_numbers(owner, "axis", self.axis, 3)  # type: ignore[assignment]
        if all(component == 0.0 for component in self.axis):
            raise MetadataError(f"{owner}.axis is zero; it must point somewhere, such as (0, 0, 1)")
        if self.range is not None:
            self.range = finite_numbers(owner, "range", self.range, 2)  # type: ignore[assignment]
            lower, upper = self.range
            if lower > upper:
                raise MetadataError(f"{owner}.range must be (lower, upper), found ({lower}, {upper})")


@dataclass
class PartMetadata(Record):
    """Metadata of one part. At least one of ``material_id`` and ``cots_id`` is given.

    ``material_id``: a material of ``/config/manufacturing_config.yaml``. ``cots_id``: a catalogue id of a bought
    part. ``is_fixed`` (or ``fixed``): held in place. ``manufacturing_method``: ``cnc``, ``3dp`` or ``im``.
    """

    material_id: str | None = None
    cots_id: str | None = None
    is_fixed: bool = False
    manufacturing_method: ManufacturingMethod | None = None
    joint: JointMetadata | None = None
    fixed: bool = field(default=_UNSET, repr=False, compare=False)

    def __post_init__(self) -> None:
        owner = type(self).__name__
        self.material_id = text_or_none(owner, "material_id", self.material_id)
        self.cots_id = text_or_none(owner, "cots_id", self.cots_id)
        if self.material_id is None and self.cots_id is None:
            raise MetadataError(f"{owner} needs material_id (a part that is made) or cots_id (a part that is bought)")
        self.is_fixed = self.fixed = _held(owner, self.is_fixed, self.fixed)
        if self.manufacturing_method is not None:
            self.manufacturing_method = member(
                owner, "manufacturing_method", ManufacturingMethod, self.manufacturing_method
            )
        self.joint = _joint(owner, self.joint)


@dataclass
class CompoundMetadata(Record):
    """Metadata of a sub-assembly that acts as one body."""

    is_fixed: bool = False
    joint: JointMetadata | None = None
    fixed: bool = field(default=_UNSET, repr=False, compare=False)

    def __post_init__(self) -> None:
        owner = type(self).__name__
        self.is_fixed = self.fixed = _held(owner, self.is_fixed, self.fixed)
        self.joint = _joint(owner, self.joint)
