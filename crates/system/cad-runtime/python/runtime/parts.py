"""From a shape to its parts: what counts as one, where it stands, what it says about itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from build123d import Location
from build123d.topology import Compound, Shape
from OCP.TopoDS import TopoDS_Shape
from shared.fasteners import FastenerJoint
from shared.models.schemas import CompoundMetadata, MetadataError, PartMetadata

from runtime.faults import Fault
from runtime.geometry import count_solids

_ZONE_PREFIX = "zone_"


@dataclass(frozen=True)
class Part:
    """A top-level part, placed in the world. ``role`` is ``part``, ``compound``, ``goal_zone`` or ``forbid_zone``;
    ``holes`` are the fastener holes that it declares, ``look`` is the label and colour of it and of its members."""

    label: str
    shape: TopoDS_Shape
    role: str
    metadata: PartMetadata | CompoundMetadata | None
    constraint: str | None
    holes: list[dict[str, Any]]
    look: dict[str, Any]

    @property
    def is_zone(self) -> bool:
        """Whether it is a region of space and no thing."""
        return self.role.endswith("_zone")


def placed_parts(root: Shape) -> list[tuple[str, Shape, Location]]:
    """Label, object and location in the world of each top-level part: the children of a Compound, or the shape itself.

    Children keep the location that they have within their parent, so the parent's own location comes on top.
    Labels are made unique: parts without one are named by number, a repeated one gets a number behind it.
    """
    children = list(root.children) if isinstance(root, Compound) else []
    if not children:
        return [(root.label or "part_0", root, root.location)]
    taken: set[str] = set()
    placed = []
    for index, child in enumerate(children):
        label = _unique(child.label or f"part_{index}", taken)
        placed.append((label, child, root.location * child.location))
    return placed


def world_shape(child: Shape, location: Location) -> TopoDS_Shape:
    """The geometry of a part that stands at ``location``."""
    return child.wrapped.Located(location.wrapped)


def look_of(shape: Shape) -> dict[str, Any]:
    """Label and colour of an object and of everything in it."""
    color = None if shape.color is None else [float(value) for value in tuple(shape.color)]
    members = [look_of(child) for child in shape.children] if isinstance(shape, Compound) else []
    return {"label": str(shape.label), "color": color, "members": members}


def role_of(label: str, is_compound: bool) -> str:
    """Role of a part: labels that begin with ``zone_`` name regions of space."""
    if label.startswith(_ZONE_PREFIX):
        return "goal_zone" if "goal" in label else "forbid_zone"
    return "compound" if is_compound else "part"


def _unique(label: str, taken: set[str]) -> str:
    candidate, number = label, 2
    while candidate in taken:
        candidate, number = f"{label}_{number}", number + 1
    taken.add(candidate)
    return candidate


def described_parts(root: Shape) -> list[Part]:
    """All top-level parts with their metadata, each checked."""
    return [_described(label, child, location) for label, child, location in placed_parts(root)]


def _described(label: str, child: Shape, location: Location) -> Part:
    shape = world_shape(child, location)
    if count_solids(shape) == 0:
        raise Fault(
            "not_a_shape",
            f"Part '{label}' contains no solid ({type(child).__name__}); faces and curves have no volume to build.",
        )
    constraint = getattr(child, "constraint", None)
    if constraint is not None and not isinstance(constraint, str):
        raise Fault("metadata", f"Part '{label}': constraint must be text such as 'weld:base', not {constraint!r}.")
    look = look_of(child)
    if label.startswith(_ZONE_PREFIX):
        return Part(label, shape, role_of(label, False), None, constraint, [], look)
    value = getattr(child, "metadata", None)
    if value is None:
        raise Fault("metadata", _missing_metadata(label, child))
    metadata = checked_metadata(label, value, "compound" if isinstance(value, CompoundMetadata) else "part")
    role = role_of(label, isinstance(metadata, CompoundMetadata))
    return Part(label, shape, role, metadata, constraint, _holes(label, child, location), look)


def _holes(label: str, child: Shape, location: Location) -> list[dict[str, Any]]:
    """Fastener holes of a part and of everything in it. Where several members of a sub-assembly use one name, it
    becomes ``<member>.<name>`` for each of them."""
    found = list(_holes_of_members(child, location))
    uses = Counter(hole["hole_id"] for _, hole in found)
    for member, hole in found:
        if uses[hole["hole_id"]] > 1:
            hole["hole_id"] = f"{member}.{hole['hole_id']}"
    holes = [hole for _, hole in found]
    twice = [name for name, count in Counter(hole["hole_id"] for hole in holes).items() if count > 1]
    if twice:
        raise Fault(
            "metadata",
            f"Part '{label}' has more than one hole '{twice[0]}'; give its members labels of their own, or the holes "
            "names of their own.",
        )
    return holes


def _holes_of_members(shape: Shape, location: Location) -> Iterator[tuple[str, dict[str, Any]]]:
    for joint in getattr(shape, "joints", {}).values():
        if isinstance(joint, FastenerJoint):
            yield shape.label, joint.described(location)
    if isinstance(shape, Compound):
        for child in shape.children:
            yield from _holes_of_members(child, location * child.location)


def _missing_metadata(label: str, child: Shape) -> str:
    if isinstance(child, Compound) and not child.children and len(child.solids()) > 1:
        return (
            f"Part '{label}' is missing required metadata. It is a {type(child).__name__} of {len(child.solids())} "
            "solids without children: `Compound([...])` joins the shapes and forgets which parts they were. Write "
            "`Compound(children=[...])` to keep them as parts with metadata of their own."
        )
    return (
        f"Part '{label}' is missing required metadata. Set `part.metadata = PartMetadata(material_id=...)` "
        "(from shared.models.schemas) before you return it."
    )


def checked_metadata(label: str, value: Any, role: str) -> PartMetadata | CompoundMetadata:
    """The metadata of a part, checked field by field: fields may have been changed after construction."""
    kind = CompoundMetadata if role == "compound" else PartMetadata
    try:
        return kind.model_validate(value.model_dump() if isinstance(value, kind) else value)
    except MetadataError as error:
        raise Fault("metadata", f"Part '{label}': {error}.") from None
