"""Modes ``measure`` and ``export``: what a script handed over becomes a design with volumes, masses and meshes.

This process has run no script. It was forked from the same warm parent, is locked in like a script's, sees no session,
and gets the handed-over files and nothing else. So no number here is one that a script said about itself.
"""

from __future__ import annotations

import json
import os
from itertools import combinations
from typing import Any, BinaryIO

from build123d import export_gltf, export_step, export_stl

from runtime import geometry, handover
from runtime.faults import Fault
from runtime.features import Features, find_features
from runtime.parts import Part


def run(job: dict[str, Any]) -> None:
    """Measures, and writes ``design.json`` and ``meshes.bin`` (float64 vertices, uint32 triangles and float32 normals
    of the triangles' corners, little-endian, at the offsets that ``design.json`` gives) into the run folder."""
    _, parts = handover.read(job["run_dir"], with_metadata=True)
    notes: list[str] = []
    with open(os.path.join(job["run_dir"], "meshes.bin"), "wb") as meshes:
        described = [_describe(part, job, meshes, notes) for part in parts]
    solid = [(part, item) for part, item in zip(parts, described, strict=True) if not part.is_zone]
    threshold = job["interference_threshold_mm3"]
    design = {
        "parts": described,
        "interferences": [] if threshold is None else _interferences(solid, threshold),
        "notes": notes,
    }
    with open(os.path.join(job["run_dir"], "design.json"), "w", encoding="utf-8") as file:
        json.dump(design, file, allow_nan=False)


def export(job: dict[str, Any]) -> None:
    """Writes the handed-over shapes as files ``export.<format>`` into the run folder."""
    root = handover.objects(*handover.read(job["run_dir"], with_metadata=True))
    for name in job["formats"]:
        path = os.path.join(job["run_dir"], f"export.{name}")
        if name == "glb":
            written = export_gltf(
                root, path, binary=True, linear_deflection=job["tolerance_mm"], angular_deflection=job["angle_rad"]
            )
        elif name == "step":
            written = export_step(root, path)
        else:
            written = export_stl(root, path, tolerance=job["tolerance_mm"], angular_tolerance=job["angle_rad"])
        if not written:
            raise Fault("script_error", f"The CAD kernel could not write the design as {name.upper()}.")


def _describe(part: Part, job: dict[str, Any], meshes: BinaryIO, notes: list[str]) -> dict[str, Any]:
    shape, turned = geometry.turned_outward(part.shape)
    if turned:
        notes.append(
            f"Part '{part.label}': {turned} solid(s) had a negative volume, their faces pointing inward as after a "
            "sweep along a path that runs backwards; they were turned round."
        )
    mass = geometry.mass_properties(shape)
    if not mass.volume_mm3 > 0.0:
        raise Fault(
            "not_a_shape",
            f"Part '{part.label}' has volume {mass.volume_mm3:g} mm³; its solid is empty or turned inside out.",
        )
    mesh = geometry.tessellate(shape, job["tolerance_mm"], job["angle_rad"])
    faces = geometry.face_measures(shape)
    features = Features([], []) if part.is_zone else find_features(shape)
    places = {}
    for name, values in (
        ("vertices", mesh.vertices_mm.astype("<f8")),
        ("triangles", mesh.triangles.astype("<u4")),
        ("normals", mesh.normals.astype("<f4")),
    ):
        places[name] = {"offset": meshes.tell(), "count": len(values)}
        meshes.write(values.tobytes())
    return {
        "label": part.label,
        "role": part.role,
        "metadata": None if part.metadata is None else part.metadata.model_dump(),
        "constraint": part.constraint,
        "solid_count": geometry.count_solids(shape),
        "is_valid": geometry.is_valid(shape),
        "volume_mm3": mass.volume_mm3,
        "area_mm2": sum(face["area_mm2"] for face in faces),
        "center_of_mass_mm": mass.center_of_mass_mm,
        "inertia_mm5": mass.inertia_mm5,
        "bounding_box": geometry.bounds(shape),
        "faces": faces,
        "mesh": places,
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
