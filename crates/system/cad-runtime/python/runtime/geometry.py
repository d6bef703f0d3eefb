"""Numbers out of a boundary representation: mass properties, bounds, triangles, overlap. Lengths in mm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy
from OCP.Bnd import Bnd_Box
from OCP.BRep import BRep_Tool
from OCP.BRepAlgoAPI import BRepAlgoAPI_Common
from OCP.BRepBndLib import BRepBndLib
from OCP.BRepCheck import BRepCheck_Analyzer
from OCP.BRepGProp import BRepGProp
from OCP.BRepMesh import BRepMesh_IncrementalMesh
from OCP.GProp import GProp_GProps
from OCP.TopAbs import TopAbs_FACE, TopAbs_REVERSED, TopAbs_SOLID
from OCP.TopExp import TopExp_Explorer
from OCP.TopLoc import TopLoc_Location
from OCP.TopoDS import TopoDS, TopoDS_Shape

# Nodes of neighbouring faces come from the same edge points and differ by rounding only; anything closer than
# this is one vertex. The coarser steps are for edges whose own tolerance is larger.
_WELD_DISTANCES_MM = (1e-6, 1e-5, 1e-4, 1e-3)


@dataclass(frozen=True)
class MassProperties:
    """Volume (mm³), centre of mass (mm) and inertia about it at density 1 (mm⁵)."""

    volume_mm3: float
    center_of_mass_mm: tuple[float, float, float]
    inertia_mm5: list[list[float]]


@dataclass(frozen=True)
class TriangleMesh:
    """Triangles with shared vertices, outward by the right-hand rule."""

    vertices_mm: numpy.ndarray  # (n, 3) float64
    triangles: numpy.ndarray  # (m, 3) uint32
    is_watertight: bool


def count_solids(shape: TopoDS_Shape) -> int:
    """Number of solids in a shape."""
    explorer = TopExp_Explorer(shape, TopAbs_SOLID)
    count = 0
    while explorer.More():
        count += 1
        explorer.Next()
    return count


def is_valid(shape: TopoDS_Shape) -> bool:
    """Whether the CAD kernel finds the shape consistent."""
    return bool(BRepCheck_Analyzer(shape).IsValid())


def mass_properties(shape: TopoDS_Shape) -> MassProperties:
    """Integrates over the volume. The kernel's inertia is taken about the centre of mass, axes parallel to the
    world's, as the tests verify on a box away from the origin."""
    properties = GProp_GProps()
    BRepGProp.VolumeProperties_s(shape, properties)
    center = properties.CentreOfMass()
    matrix = properties.MatrixOfInertia()
    return MassProperties(
        volume_mm3=properties.Mass(),
        center_of_mass_mm=(center.X(), center.Y(), center.Z()),
        inertia_mm5=[[matrix.Value(row, column) for column in (1, 2, 3)] for row in (1, 2, 3)],
    )


def area(shape: TopoDS_Shape) -> float:
    """Surface area, mm²."""
    properties = GProp_GProps()
    BRepGProp.SurfaceProperties_s(shape, properties)
    return properties.Mass()


def bounds(shape: TopoDS_Shape) -> dict[str, list[float]]:
    """Axis-aligned bounds of the exact geometry, without the kernel's safety margin."""
    box = Bnd_Box()
    BRepBndLib.AddOptimal_s(shape, box, False, False)
    box.SetGap(0.0)
    low, high = box.CornerMin(), box.CornerMax()
    return {"min": [low.X(), low.Y(), low.Z()], "max": [high.X(), high.Y(), high.Z()]}


def tessellate(shape: TopoDS_Shape, tolerance_mm: float, angle_rad: float) -> TriangleMesh:
    """Triangulates all faces to within ``tolerance_mm`` and ``angle_rad`` and welds them along their edges."""
    BRepMesh_IncrementalMesh(shape, tolerance_mm, False, angle_rad, False)
    points: list[tuple[float, float, float]] = []
    corners: list[tuple[int, int, int]] = []
    explorer = TopExp_Explorer(shape, TopAbs_FACE)
    while explorer.More():
        _add_face(TopoDS.Face(explorer.Current()), points, corners)
        explorer.Next()
    vertices = numpy.array(points, dtype=numpy.float64).reshape(-1, 3)
    triangles = numpy.array(corners, dtype=numpy.uint32).reshape(-1, 3)
    mesh = TriangleMesh(vertices, triangles, False)
    for distance in _WELD_DISTANCES_MM:
        mesh = _weld(vertices, triangles, distance)
        if mesh.is_watertight:
            return mesh
    # Not closed at any distance: the finest weld distorts least.
    return _weld(vertices, triangles, _WELD_DISTANCES_MM[0])


def _add_face(face: Any, points: list, corners: list) -> None:
    location = TopLoc_Location()
    triangulation = BRep_Tool.Triangulation_s(face, location)
    if triangulation is None:
        return
    transformation = location.Transformation()
    offset = len(points) - 1  # the kernel counts from 1
    for index in range(1, triangulation.NbNodes() + 1):
        node = triangulation.Node(index).Transformed(transformation)
        points.append((node.X(), node.Y(), node.Z()))
    reverse = face.Orientation() == TopAbs_REVERSED
    for index in range(1, triangulation.NbTriangles() + 1):
        triangle = triangulation.Triangle(index)
        first, second, third = (triangle.Value(corner) + offset for corner in (1, 2, 3))
        corners.append((first, third, second) if reverse else (first, second, third))


def _weld(vertices: numpy.ndarray, triangles: numpy.ndarray, distance: float) -> TriangleMesh:
    cells = numpy.round(vertices / distance).astype(numpy.int64)
    _, first, inverse = numpy.unique(cells, axis=0, return_index=True, return_inverse=True)
    welded = inverse.reshape(-1)[triangles].astype(numpy.uint32)
    distinct = (welded[:, 0] != welded[:, 1]) & (welded[:, 1] != welded[:, 2]) & (welded[:, 2] != welded[:, 0])
    welded = welded[distinct]
    return TriangleMesh(vertices[first], welded, _is_closed(welded))


def _is_closed(triangles: numpy.ndarray) -> bool:
    """Closed and consistently oriented: along every edge the triangles of both directions balance, and no directed
    edge occurs more often than once."""
    if len(triangles) == 0:
        return False
    edges = numpy.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]).astype(numpy.int64)
    span = int(triangles.max()) + 1
    forward = numpy.sort(edges[:, 0] * span + edges[:, 1])
    backward = numpy.sort(edges[:, 1] * span + edges[:, 0])
    return bool(numpy.array_equal(forward, backward) and numpy.all(numpy.diff(forward) > 0))


def overlap_volume(first: TopoDS_Shape, second: TopoDS_Shape) -> float | None:
    """Volume that two shapes share, mm³; None when the kernel cannot compute it."""
    common = BRepAlgoAPI_Common(first, second)
    if not common.IsDone():
        return None
    return abs(mass_properties(common.Shape()).volume_mm3)


def boxes_overlap(first: dict[str, list[float]], second: dict[str, list[float]]) -> bool:
    """Whether two bounds share a volume."""
    return all(
        first["min"][axis] < second["max"][axis] and second["min"][axis] < first["max"][axis] for axis in range(3)
    )
