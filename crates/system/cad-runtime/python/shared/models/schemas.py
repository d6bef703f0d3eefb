"""What every part of a design says about itself: ``part.metadata = PartMetadata(material_id="aluminum_6061")``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from shared.enums import JointSupport, JointType, ManufacturingMethod
from shared.models.validation import MetadataError, Record, finite_numbers, member, text, text_or_none, truth

__all__ = ["CompoundMetadata", "HolePair", "JointMetadata", "MetadataError", "PartMetadata", "RigidConnection"]

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


def _hole_pair(owner: str, field: str, value: Any) -> HolePair:
    if isinstance(value, HolePair):
        return value
    if isinstance(value, dict):
        return HolePair.model_validate(value)
    if isinstance(value, (list, tuple)) and len(value) == 2:
        return HolePair(*value)
    raise MetadataError(f"{owner}.{field} must be HolePair(own, other) or (own, other), not {value!r}")


def _listed(owner: str, field: str, value: Any) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return list(value)
    raise MetadataError(f"{owner}.{field} must be a list, not {value!r}")


def _rigid_connection(owner: str, value: Any) -> RigidConnection:
    if isinstance(value, RigidConnection):
        return value
    if isinstance(value, dict):
        return RigidConnection.model_validate(value)
    raise MetadataError(f"{owner}.rigid_connections must hold RigidConnection(to, holes), not {value!r}")


@dataclass
class HolePair(Record):
    """Two holes that share an axis: ``own`` is the hole_id in this part, ``other`` the one in the other part."""

    own: str
    other: str

    def __post_init__(self) -> None:
        owner = type(self).__name__
        self.own = text(owner, "own", self.own)
        self.other = text(owner, "other", self.other)


@dataclass
class RigidConnection(Record):
    """What a part is fastened to: ``to`` is the other part's label, ``holes`` the pairs of holes with a fastener
    through each, as ``HolePair(own, other)`` or ``(own, other)``."""

    to: str
    holes: list[HolePair]

    def __post_init__(self) -> None:
        owner = type(self).__name__
        self.to = text(owner, "to", self.to)
        self.holes = [_hole_pair(owner, "holes", pair) for pair in _listed(owner, "holes", self.holes)]


@dataclass
class JointMetadata(Record):
    """How a part moves against the world, or against the part ``to``.

    ``type``: ``hinge`` turns about ``axis``, ``slide`` moves along it. ``axis``: three numbers, not all zero, any
    length. ``range``: lower and upper limit, radians for a hinge and millimetres for a slide; None is unlimited.
    ``via``: what it turns or slides on, ``bearing``, ``motor`` (a hinge only) or ``through_hole``. ``to``: label of the
    other part. ``holes``: the holes on the hinge's axis, as ``HolePair(own, other)``. ``through_hole`` needs both; on a
    bearing or motor, ``own`` says where the axis is (without it, in the middle of the bearing or motor) and ``other``
    is not looked at.
    """

    type: JointType
    axis: tuple[float, float, float]
    range: tuple[float, float] | None = None
    via: JointSupport | None = None
    to: str | None = None
    holes: HolePair | None = None

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
        if self.via is not None:
            self.via = member(owner, "via", JointSupport, self.via)
        self.to = text_or_none(owner, "to", self.to)
        if self.holes is not None:
            self.holes = _hole_pair(owner, "holes", self.holes)


@dataclass
class PartMetadata(Record):
    """Metadata of one part. At least one of ``material_id`` and ``cots_id`` is given.

    ``material_id``: a material of ``/config/manufacturing_config.yaml``. ``cots_id``: a catalogue id of a bought
    part. ``is_fixed`` (or ``fixed``): held in place. ``manufacturing_method``: ``cnc``, ``3dp`` or ``im``. ``joint``:
    how it moves. ``rigid_connections``: what it is fastened to.
    """

    material_id: str | None = None
    cots_id: str | None = None
    is_fixed: bool = False
    manufacturing_method: ManufacturingMethod | None = None
    joint: JointMetadata | None = None
    rigid_connections: list[RigidConnection] = field(default_factory=list)
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
        connections = _listed(owner, "rigid_connections", self.rigid_connections)
        self.rigid_connections = [_rigid_connection(owner, connection) for connection in connections]


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
