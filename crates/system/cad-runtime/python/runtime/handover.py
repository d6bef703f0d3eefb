"""What a script hands over: the shapes of its parts, and what it declares about them. Nothing measured is among it.

The script's process writes two files: the shapes in the CAD kernel's binary format, without triangles, and the
declarations as JSON. A script can forge both, so the process that measures them checks every field again and takes
lengths, volumes and everything else from the shapes alone.
"""

from __future__ import annotations

import json
import math
import os
from typing import Any

from build123d import Color
from build123d.topology import Compound, Shape
from OCP.BinTools import BinTools, BinTools_FormatVersion
from OCP.BRep import BRep_Builder
from OCP.BRepTools import BRepTools
from OCP.TopAbs import TopAbs_COMPOUND
from OCP.TopoDS import TopoDS_Compound, TopoDS_Iterator, TopoDS_Shape

from runtime.faults import Fault
from runtime.geometry import count_solids
from runtime.parts import Part, checked_metadata, described_parts, look_of, placed_parts, role_of, world_shape

_SHAPES = "shapes.bin"
_DECLARATIONS = "declarations.json"
_HOLE_TEXTS = ("hole_id", "size")
_HOLE_NUMBERS = ("diameter_mm", "depth_mm")
_HOLE_VECTORS = ("position_mm", "axis")


def write(root: Shape, run_dir: str, with_metadata: bool) -> None:
    """Writes what the design at ``root`` consists of. ``with_metadata`` requires every part to be one that can be
    made; without it the shapes alone matter."""
    if with_metadata:
        parts = described_parts(root)
    else:
        placed = placed_parts(root)
        parts = [
            Part(label, world_shape(child, location), "part", None, None, [], look_of(child))
            for label, child, location in placed
        ]
    compound = TopoDS_Compound()
    builder = BRep_Builder()
    builder.MakeCompound(compound)
    for part in parts:
        builder.Add(compound, part.shape)
    version = BinTools_FormatVersion.BinTools_FormatVersion_VERSION_4
    if not BinTools.Write_s(compound, os.path.join(run_dir, _SHAPES), False, False, version):
        raise Fault("script_error", "The shapes could not be written; the design may be too large.")
    is_assembly = isinstance(root, Compound) and bool(root.children)
    declared = {
        "assembly_label": str(root.label) if is_assembly else None,
        "parts": [
            {
                "label": part.label,
                "metadata": None if part.metadata is None else part.metadata.model_dump(),
                "is_compound": part.role == "compound",
                "constraint": part.constraint,
                "holes": part.holes,
                "look": part.look,
            }
            for part in parts
        ],
    }
    with open(os.path.join(run_dir, _DECLARATIONS), "w", encoding="utf-8") as file:
        json.dump(declared, file, allow_nan=False)


def read(run_dir: str, with_metadata: bool) -> tuple[str | None, list[Part]]:
    """Label of the assembly (None for a single part) and the parts, from the files that :func:`write` leaves."""
    try:
        with open(os.path.join(run_dir, _DECLARATIONS), encoding="utf-8") as file:
            declared = json.load(file)
        items = declared["parts"]
        shapes = _shapes(os.path.join(run_dir, _SHAPES))
        if not isinstance(items, list) or len(items) != len(shapes) or not items:
            raise ValueError(f"{len(shapes)} shapes for {len(items)} declared parts")
        assembly_label = _optional_text(declared["assembly_label"])
        parts = [_part(item, shape, with_metadata) for item, shape in zip(items, shapes, strict=True)]
        if len({part.label for part in parts}) != len(parts):
            raise ValueError("a label is used twice")
    except Fault:
        raise
    except Exception as error:  # noqa: BLE001 - the kernel's errors and Python's alike: the files are not readable
        raise Fault(
            "not_a_shape",
            f"What the script handed over is not a readable design ({type(error).__name__}: {error}); build() must "
            "return the design, and nothing else may write into the run's folder.",
        ) from error
    return assembly_label, parts


def objects(assembly_label: str | None, parts: list[Part]) -> Shape:
    """The parts as one object with labels and colours, for files that keep them."""
    made = [_object(part.shape, {**part.look, "label": part.label}) for part in parts]
    return made[0] if assembly_label is None else Compound(label=assembly_label, children=made)


def _shapes(path: str) -> list[TopoDS_Shape]:
    shape = TopoDS_Shape()
    if not BinTools.Read_s(shape, path) or shape.IsNull() or shape.ShapeType() != TopAbs_COMPOUND:
        raise ValueError("the shapes are damaged")
    # Triangles that came along would stand in for the faces.
    BRepTools.Clean_s(shape, True)
    return _members(shape)


def _members(shape: TopoDS_Shape) -> list[TopoDS_Shape]:
    iterator = TopoDS_Iterator(shape)
    members = []
    while iterator.More():
        members.append(iterator.Value())
        iterator.Next()
    return members


def _part(item: dict[str, Any], shape: TopoDS_Shape, with_metadata: bool) -> Part:
    label, look = _text(item["label"]), _checked_look(item["look"])
    if not with_metadata:
        return Part(label, shape, "part", None, None, [], look)
    if not label:
        raise ValueError("a part has no label")
    if count_solids(shape) == 0:
        raise Fault("not_a_shape", f"Part '{label}' contains no solid; faces and curves have no volume to build.")
    role = role_of(label, item["is_compound"] is True)
    metadata = None if role.endswith("_zone") else checked_metadata(label, item["metadata"], role)
    holes = [] if metadata is None else [_hole(hole) for hole in item["holes"]]
    return Part(label, shape, role, metadata, _optional_text(item["constraint"]), holes, look)


def _hole(item: dict[str, Any]) -> dict[str, Any]:
    texts = {name: _text(item[name]) for name in _HOLE_TEXTS}
    numbers = {name: _number(item[name]) for name in _HOLE_NUMBERS}
    vectors = {name: [_number(item[name][axis]) for axis in range(3)] for name in _HOLE_VECTORS}
    return {**texts, **numbers, **vectors, "adds_fastener": item["adds_fastener"] is True}


def _checked_look(item: dict[str, Any]) -> dict[str, Any]:
    color = item["color"]
    return {
        "label": _text(item["label"]),
        "color": None if color is None else [_number(value) for value in color][:4],
        "members": [_checked_look(member) for member in item["members"]],
    }


def _object(shape: TopoDS_Shape, look: dict[str, Any]) -> Shape:
    members = _members(shape) if look["members"] else []
    if members and len(members) == len(look["members"]):
        children = [_object(member, inner) for member, inner in zip(members, look["members"], strict=True)]
        made: Shape = Compound(children=children)
    else:
        made = Compound.cast(shape)
    made.label = look["label"]
    if look["color"] is not None:
        made.color = Color(*look["color"])
    return made


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not text")
    return value


def _optional_text(value: Any) -> str | None:
    return None if value is None else _text(value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a finite number")
    return float(value)
