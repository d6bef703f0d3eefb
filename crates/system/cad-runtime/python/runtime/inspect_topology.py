"""Mode ``topology``: properties of one part, face or edge of the shapes that a script handed over."""

from __future__ import annotations

from typing import Any

from build123d.topology import Compound
from OCP.BRep import BRep_Builder
from OCP.TopoDS import TopoDS_Compound

from runtime import geometry, handover
from runtime.parts import Part


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Returns ``{"properties": ...}`` or ``{"missing": message}``."""
    _, parts = handover.read(job["run_dir"], with_metadata=False)
    kind, index = job["target_kind"], job["target_index"]
    found = _members(parts, kind)
    if index >= len(found):
        last = f"{kind}_0 to {kind}_{len(found) - 1}" if found else "none"
        return {"missing": f"{kind}_{index} does not exist; the shape of {job['script_name']} has {last}."}
    properties = _DESCRIBE[kind](found[index])
    return {"properties": {"type": kind, "index": index, **properties}}


def _members(parts: list[Part], kind: str) -> list[Any]:
    if kind == "part":
        return [part.shape for part in parts]
    whole = TopoDS_Compound()
    builder = BRep_Builder()
    builder.MakeCompound(whole)
    for part in parts:
        builder.Add(whole, part.shape)
    return list(Compound(whole).faces() if kind == "face" else Compound(whole).edges())


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
