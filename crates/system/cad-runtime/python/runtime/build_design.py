"""Mode ``build``: a script becomes a design - parts with metadata, masses and meshes."""

from __future__ import annotations

import json
import os
from itertools import combinations
from typing import Any, BinaryIO

from build123d import export_gltf, export_step, export_stl
from build123d.topology import Shape

from runtime import geometry
from runtime.faults import Fault
from runtime.features import Features, find_features
from runtime.parts import Part, described_parts
from runtime.script import Source, build_shape


def run(job: dict[str, Any], source: Source) -> None:
    """Builds, and writes ``design.json`` and ``meshes.bin`` (float64 vertices and uint32 triangles, little-endian,
    at the offsets that ``design.json`` gives) into the run folder."""
    root = build_shape(source, job["session_root"])
    parts = described_parts(root)
    with open(os.path.join(job["run_dir"], "meshes.bin"), "wb") as meshes:
        described = [_describe(part, job, meshes) for part in parts]
    solid = [(part, item) for part, item in zip(parts, described, strict=True) if not part.is_zone]
    threshold = job["interference_threshold_mm3"]
    design = {
        "parts": described,
        "bounding_box": geometry.bounds(root.wrapped),
        "interferences": [] if threshold is None else _interferences(solid, threshold),
    }
    for export in job["exports"]:
        _export(root, export, job)
    with open(os.path.join(job["run_dir"], "design.json"), "w", encoding="utf-8") as file:
        json.dump(design, file, allow_nan=False)


def _describe(part: Part, job: dict[str, Any], meshes: BinaryIO) -> dict[str, Any]:
    mass = geometry.mass_properties(part.shape)
    if not mass.volume_mm3 > 0.0:
        raise Fault(
            "not_a_shape",
            f"Part '{part.label}' has volume {mass.volume_mm3:g} mm³; its solid is empty or turned inside out.",
        )
    mesh = geometry.tessellate(part.shape, job["tolerance_mm"], job["angle_rad"])
    features = Features([], []) if part.is_zone else find_features(part.shape)
    vertices_offset = meshes.tell()
    meshes.write(mesh.vertices_mm.astype("<f8").tobytes())
    triangles_offset = meshes.tell()
    meshes.write(mesh.triangles.astype("<u4").tobytes())
    return {
        "label": part.label,
        "role": part.role,
        "metadata": None if part.metadata is None else part.metadata.model_dump(),
        "constraint": part.constraint,
        "solid_count": geometry.count_solids(part.shape),
        "is_valid": geometry.is_valid(part.shape),
        "volume_mm3": mass.volume_mm3,
        "area_mm2": geometry.area(part.shape),
        "center_of_mass_mm": mass.center_of_mass_mm,
        "inertia_mm5": mass.inertia_mm5,
        "bounding_box": geometry.bounds(part.shape),
        "mesh": {
            "is_watertight": mesh.is_watertight,
            "vertices_offset": vertices_offset,
            "vertex_count": len(mesh.vertices_mm),
            "triangles_offset": triangles_offset,
            "triangle_count": len(mesh.triangles),
        },
        "internal_corners": features.internal_corners,
        "bores": features.bores,
        "holes": part.holes,
    }


def _interferences(solid: list[tuple[Part, dict[str, Any]]], threshold_mm3: float) -> list[dict[str, Any]]:
    found = []
    for (first, first_item), (second, second_item) in combinations(solid, 2):
        if not geometry.boxes_overlap(first_item["bounding_box"], second_item["bounding_box"]):
            continue
        volume = geometry.overlap_volume(first.shape, second.shape)
        if volume is None:
            raise Fault(
                "script_error",
                f"The CAD kernel cannot intersect '{first.label}' with '{second.label}'; simplify one of them.",
            )
        if volume > threshold_mm3:
            found.append({"first": first.label, "second": second.label, "volume_mm3": volume})
    return found


def _export(root: Shape, export: dict[str, str], job: dict[str, Any]) -> None:
    path = os.path.join(job["session_root"], export["path"])
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if export["format"] == "glb":
        written = export_gltf(
            root, path, binary=True, linear_deflection=job["tolerance_mm"], angular_deflection=job["angle_rad"]
        )
    elif export["format"] == "step":
        written = export_step(root, path)
    else:
        written = export_stl(root, path, tolerance=job["tolerance_mm"], angular_tolerance=job["angle_rad"])
    if not written:
        raise Fault("script_error", f"The CAD kernel could not write '{export['path']}' ({export['format']}).")
