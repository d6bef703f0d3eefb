"""Mode ``topology``: properties of one part, face or edge of the shape that a script builds."""

from __future__ import annotations

from typing import Any

from build123d.topology import Shape

from runtime import geometry
from runtime.parts import placed_parts, world_shape
from runtime.script import Source, build_shape


def run(job: dict[str, Any], source: Source) -> dict[str, Any]:
    """Returns ``{"properties": ...}`` or ``{"missing": message}``."""
    root = build_shape(source, job["session_root"])
    kind, index = job["target_kind"], job["target_index"]
    found = _members(root, kind)
    if index >= len(found):
        last = f"{kind}_0 to {kind}_{len(found) - 1}" if found else "none"
        return {"missing": f"{kind}_{index} does not exist; the shape of {source.name} has {last}."}
    properties = _DESCRIBE[kind](found[index])
    return {"properties": {"type": kind, "index": index, **properties}}


def _members(root: Shape, kind: str) -> list[Any]:
    if kind == "part":
        return [world_shape(child, location) for _, child, location in placed_parts(root)]
    return list(root.faces() if kind == "face" else root.edges())


def _part(shape: Any) -> dict[str, Any]:
    return {"center": geometry.mass_properties(shape).center_of_mass_mm, "bbox": geometry.bounds(shape)}


def _face(face: Any) -> dict[str, Any]:
    return {
        "center": list(face.center()),
        "normal": list(face.normal_at()),
        "area": face.area,
        "bbox": geometry.bounds(face.wrapped),
    }


def _edge(edge: Any) -> dict[str, Any]:
    return {"center": list(edge.center()), "length": edge.length, "bbox": geometry.bounds(edge.wrapped)}


_DESCRIBE = {"part": _part, "face": _face, "edge": _edge}
