"""Holes for fasteners: cut into a part, and remembered with it.

What is remembered hangs on a build123d joint of the part. Joints are what build123d keeps when a part is copied,
moved or cut again, so a hole stays with its part through all of that.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bd_warehouse.fastener import CounterSunkScrew, SocketHeadCapScrew
from build123d import Axis, BuildPart, Compound, Location, Plane, RigidJoint, Solid, Vector
from build123d.topology import Shape
from OCP.BRepClass3d import BRepClass3d_SolidClassifier
from OCP.gp import gp_Lin, gp_Pnt
from OCP.IntCurvesFace import IntCurvesFace_ShapeIntersector
from OCP.TopAbs import TopAbs_IN

__all__ = ["COARSE_PITCH_MM", "FastenerJoint", "HoleType", "fastener_hole"]



class HoleType(StrEnum):
    """What is cut around the top of a fastener's hole."""

    SimpleHole = "SimpleHole"
    """Nothing."""
    CounterBoreHole = "CounterBoreHole"
    """A cylinder that takes the head of a socket head cap screw."""
    FlatHeadHole = "FlatHeadHole"
    """A cone of 90° that takes the head of a countersunk screw."""
    CounterSinkHole = "CounterSinkHole"
    """The same as ``FlatHeadHole``, by the name of some documents."""


# Pitch of the standard coarse thread, by size.
COARSE_PITCH_MM = {
    "M1.6": 0.35,
    "M2": 0.4,
    "M2.5": 0.45,
    "M3": 0.5,
    "M4": 0.7,
    "M5": 0.8,
    "M6": 1.0,
    "M8": 1.25,
    "M10": 1.5,
    "M12": 1.75,
}

# Room around the head of a sunk screw, on each side.
_COUNTERBORE_CLEARANCE_MM = 0.2
# A point that is this close to a face lies on it.
_ON_FACE_MM = 0.01
# How far a through hole is cut beyond the part.
_OVERRUN_MM = 1.0


@dataclass(frozen=True)
class FastenerSize:
    """Sizes (mm) of a thread: of its clearance hole with normal fit, of the head of a socket head cap screw, and of the
    head of a countersunk one, which is None where the standard has no such screw."""

    name: str
    clearance_diameter_mm: float
    head_diameter_mm: float
    head_height_mm: float
    flat_head_diameter_mm: float | None

    @classmethod
    def named(cls, size: str) -> FastenerSize:
        """Looks a size up: ``M3``, or with its pitch ``M3-0.5``."""
        name, _, pitch = str(size).strip().upper().partition("-")
        if name not in COARSE_PITCH_MM or (pitch and pitch != f"{COARSE_PITCH_MM[name]:g}"):
            known = ", ".join(f"{known} (pitch {pitch:g})" for known, pitch in COARSE_PITCH_MM.items())
            raise ValueError(f"fastener size {size!r} is unknown; known sizes are {known}")
        table = SocketHeadCapScrew.fastener_data[f"{name}-{COARSE_PITCH_MM[name]:g}"]
        screw = {column.strip(): value for column, value in table.items()}
        flat_head = CounterSunkScrew.fastener_data.get(f"{name}-{COARSE_PITCH_MM[name]:g}", {})
        flat = {column.strip(): value for column, value in flat_head.items()}.get("iso10642:dk")
        return cls(
            name,
            clearance_diameter_mm=SocketHeadCapScrew.clearance_hole_data[name]["Normal"],
            head_diameter_mm=float(screw["iso4762:dk"]),
            head_height_mm=float(screw["iso4762:k"]),
            flat_head_diameter_mm=float(flat) if flat else None,
        )


class FastenerJoint(RigidJoint):
    """A hole for a fastener, as a joint of its part. Its z axis points out of the hole, so that a screw of
    bd_warehouse is put in with ``part.joints[hole_id].connect_to(screw.joints["a"])``."""

    def __init__(
        self,
        hole_id: str,
        part: Any,
        location: Location,
        *,
        size: str,
        diameter_mm: float,
        depth_mm: float,
        length_mm: float,
        adds_fastener: bool,
    ) -> None:
        super().__init__(hole_id, part, location)
        self.size = size
        self.diameter_mm = diameter_mm
        self.depth_mm = depth_mm
        self.length_mm = length_mm
        self.adds_fastener = adds_fastener

    @property
    def parent(self) -> Any:
        """The part that has the hole."""
        return self._parent

    @parent.setter
    def parent(self, part: Any) -> None:
        # A boolean operation hands the joints on to its result, whose own location is another; the hole itself has
        # not moved.
        before = getattr(self, "_parent", None)
        if before is not None and before is not part and part.location is not None:
            self.relative_location = part.location.inverse() * before.location * self.relative_location
        self._parent = part

    def described(self, placement: Location) -> dict[str, Any]:
        """The hole in the world, for a part that stands at ``placement``; lengths in mm."""
        transformation = (placement * self.relative_location).wrapped.Transformation()
        entry = gp_Pnt(0.0, 0.0, 0.0).Transformed(transformation)
        inner = gp_Pnt(0.0, 0.0, -1.0).Transformed(transformation)
        return {
            "hole_id": self.label,
            "size": self.size,
            "diameter_mm": self.diameter_mm,
            "position_mm": (entry.X(), entry.Y(), entry.Z()),
            "axis": (inner.X() - entry.X(), inner.Y() - entry.Y(), inner.Z() - entry.Z()),
            "depth_mm": self.depth_mm,
            "adds_fastener": self.adds_fastener,
        }


def fastener_hole(
    part: Any = None,
    position: Any = None,
    hole_id: str | None = None,
    *,
    axis: Any = None,
    size: str = "M3",
    length: float = 10.0,
    depth: float | None = None,
    add_fastener: bool = False,
    counterbore: bool = False,
    hole_type: HoleType | str | None = None,
    location: Any = None,
    body: Any = None,
) -> Any:
    """Cuts a clearance hole (normal fit) into a part, and returns the new part.

    Two parts that are fastened to each other each get a hole of the same size; one of the two holes sets
    ``add_fastener``. The new part keeps label, metadata, constraint, joints and the holes that it had. Holes survive
    moving, copying and further cuts; build123d drops the joints of parts that are joined (``+``), filleted or
    chamfered, and does not turn those of a mirrored part, so drill after that.

    Args:
        part: the part to drill; it is not changed.
        position: where the hole enters, on the face, as the part stands now (mm); a point, or a ``Location`` whose z
            axis points out of the part.
        hole_id: name of the hole, unique within the part; also that of its joint. ``hole_1``, ``hole_2`` and so on
            when left out.
        axis: direction from the face into the part; when left out, against the z axis of a ``Location``, else down.
        size: thread of the fastener, ``M1.6`` to ``M12``.
        length: length of the fastener (mm), kept as ``length_mm`` of the joint.
        depth: depth of the hole from the face (mm); through the whole part when left out.
        add_fastener: whether this hole brings the fastener.
        counterbore: whether the head of a socket head cap screw is sunk into the face.
        hole_type: the same as a choice; see :class:`HoleType`. Takes the place of ``counterbore``.
        location: another name of ``position``, as scripts of the original platform call it.
        body: another name of ``part``.

    Raises:
        ValueError: size, position, depth or name cannot be used; the message says why.
    """
    part = _drillable(_one_of("part", part, "body", body))
    place = _one_of("position", position, "location", location)
    kind = _hole_type(hole_type, counterbore)
    if hole_id is None:
        hole_id = next(name for n in range(1, len(part.joints) + 2) if (name := f"hole_{n}") not in part.joints)
    if not isinstance(hole_id, str) or not hole_id.strip():
        raise ValueError(f"hole_id must be a text that is not empty, not {hole_id!r}")
    if hole_id in part.joints:
        raise ValueError(f"'{part.label}' already has a hole or joint '{hole_id}'; give each hole a name of its own")
    sizes = FastenerSize.named(size)
    length_mm = _positive("length", length)
    depth_mm = None if depth is None else _positive("depth", depth)
    entry = _point(place)
    inward = _direction(_default_axis(place) if axis is None else axis)

    # Worked out where the part's own origin is, so that its location and all joints stay what they are.
    location = part.location
    local = part.located(Location())
    to_local = location.inverse()
    local_entry = _point(to_local * Location(entry))
    local_inward = _point(to_local * Location(entry + inward)) - local_entry
    _require_open(local, local_entry, local_inward, hole_id)
    if depth_mm is None:
        depth_mm = _depth_through(local, local_entry, local_inward)
        reach = _far_end(local, local_entry, local_inward) + _OVERRUN_MM
    else:
        reach = depth_mm
    head = _head_tools(kind, sizes)
    if depth_mm <= max((depth for _, _, depth in head), default=0.0):
        sunk = max(depth for _, _, depth in head)
        raise ValueError(
            f"hole '{hole_id}' is {depth_mm:g} mm deep, which leaves nothing below the {kind} of {sunk:g} mm for "
            f"{sizes.name}; make it deeper or take HoleType.SimpleHole"
        )
    drilled = _cut(local, sizes, local_entry, local_inward, reach, head)
    if not isinstance(drilled, Shape):
        raise ValueError(
            f"hole '{hole_id}' cuts '{part.label or 'the part'}' to pieces; move it or take a smaller size"
        )
    if not local.volume - drilled.volume > 0.0:
        raise ValueError(
            f"hole '{hole_id}' misses '{part.label or 'the part'}': there is no material from {_told(entry)} along "
            f"{_told(inward)}"
        )
    result = _with_attributes_of(part, drilled)
    result.location = location * drilled.location
    FastenerJoint(
        hole_id,
        result,
        Plane(origin=entry, z_dir=-inward).location,
        size=sizes.name,
        diameter_mm=sizes.clearance_diameter_mm,
        depth_mm=depth_mm,
        length_mm=length_mm,
        adds_fastener=bool(add_fastener),
    )
    return result


def _drillable(part: Any) -> Any:
    if isinstance(part, BuildPart):
        part = part.part
    if not isinstance(part, Shape) or not part.solids() or not hasattr(part, "joints"):
        raise ValueError(f"fastener_hole needs a part with a solid, not {type(part).__name__}")
    if isinstance(part, Compound) and part.children:
        raise ValueError(f"'{part.label}' is an assembly; drill its parts before they are put together")
    return part


def _positive(name: str, value: Any) -> float:
    number = float(value)
    if not (math.isfinite(number) and number > 0.0):
        raise ValueError(f"{name} must be a number of millimetres above 0, not {value!r}")
    return number


def _point(place: Any) -> Vector:
    return place.position if isinstance(place, (Location, Axis)) else Vector(place)


def _direction(axis: Any) -> Vector:
    vector = axis.direction if isinstance(axis, Axis) else Vector(axis)
    if vector.length == 0.0:
        raise ValueError("axis is zero; it must point into the part, such as (0, 0, -1)")
    return vector.normalized()


def _told(vector: Vector) -> str:
    return f"({vector.X:g}, {vector.Y:g}, {vector.Z:g})"


def _require_open(part: Any, entry: Vector, inward: Vector, hole_id: str) -> None:
    """A hole that starts inside the material would be a hidden cavity."""
    before = entry - inward * _ON_FACE_MM
    for solid in part.solids():
        classifier = BRepClass3d_SolidClassifier(solid.wrapped, before.to_pnt(), 1e-6)
        if classifier.State() == TopAbs_IN:
            raise ValueError(
                f"hole '{hole_id}' starts inside the material of '{part.label or 'the part'}'; give the point on the "
                "face where it enters, and the axis from there into the part"
            )


def _depth_through(part: Any, entry: Vector, inward: Vector) -> float:
    """Distance from the entry to where the axis leaves the part for the last time."""
    intersector = IntCurvesFace_ShapeIntersector()
    intersector.Load(part.wrapped, 1e-6)
    intersector.Perform(gp_Lin(entry.to_pnt(), inward.to_dir()), 0.0, math.inf)
    exits = [intersector.WParameter(index) for index in range(1, intersector.NbPnt() + 1)]
    # An axis in the open, as when a bore is widened, meets no face.
    return max(exits, default=0.0) or _far_end(part, entry, inward)


def _far_end(part: Any, entry: Vector, inward: Vector) -> float:
    """Distance from the entry to the far end of the part's bounds along the axis."""
    box = part.bounding_box()
    sides = zip(box.min, box.max, entry, inward, strict=True)
    return sum(max((low - start) * along, (high - start) * along) for low, high, start, along in sides)


def _cut(
    part: Any,
    sizes: FastenerSize,
    entry: Vector,
    inward: Vector,
    reach: float,
    head: list[tuple[float, float, float]],
) -> Any:
    shank = sizes.clearance_diameter_mm / 2.0
    tools = []
    for top, bottom, depth in [(shank, shank, reach), *head]:
        # Started above the face: on a hollow face, the rim lies higher than the middle.
        start = Plane(origin=entry - inward * top, z_dir=inward)
        tools.append(Solid.make_cylinder(top, depth + top if top == bottom else top, start))
        if top != bottom:
            tools.append(Solid.make_cone(top, bottom, depth, Plane(origin=entry, z_dir=inward)))
    return part - tools


def _head_tools(kind: HoleType, sizes: FastenerSize) -> list[tuple[float, float, float]]:
    """What is cut for the head: radius at the face, radius at the bottom, depth (mm)."""
    if kind is HoleType.CounterBoreHole:
        radius = sizes.head_diameter_mm / 2.0 + _COUNTERBORE_CLEARANCE_MM
        return [(radius, radius, sizes.head_height_mm)]
    if kind in (HoleType.FlatHeadHole, HoleType.CounterSinkHole):
        if sizes.flat_head_diameter_mm is None:
            raise ValueError(f"ISO 10642 has no countersunk screw of {sizes.name}; take HoleType.CounterBoreHole")
        top, bottom = sizes.flat_head_diameter_mm / 2.0 + _COUNTERBORE_CLEARANCE_MM, sizes.clearance_diameter_mm / 2.0
        # The sides of a cone of 90° fall as far as they go inwards.
        return [(top, bottom, top - bottom)]
    return []


def _hole_type(hole_type: HoleType | str | None, counterbore: bool) -> HoleType:
    if hole_type is None:
        return HoleType.CounterBoreHole if counterbore else HoleType.SimpleHole
    try:
        return HoleType(hole_type)
    except ValueError:
        raise ValueError(f"hole_type must be one of {', '.join(HoleType)}, not {hole_type!r}") from None


def _one_of(name: str, value: Any, other_name: str, other: Any) -> Any:
    """One argument that has two names."""
    if (value is None) == (other is None):
        given = "neither" if value is None else "both"
        raise ValueError(f"fastener_hole needs {name} (or {other_name}), and {given} of them is given")
    return other if value is None else value


def _default_axis(place: Any) -> Vector:
    """Into the part: against the z axis of a location, as holes of build123d are; else down."""
    if isinstance(place, Location):
        return Plane(place).z_dir * -1.0
    return Vector(0.0, 0.0, -1.0)


def _with_attributes_of(part: Any, drilled: Any) -> Any:
    """Boolean operations drop what scripts have put onto a part."""
    for name, value in vars(part).items():
        if name not in vars(drilled):
            setattr(drilled, name, copy.copy(value) if isinstance(value, (dict, list)) else value)
    drilled.label, drilled.color = part.label, part.color
    return drilled
