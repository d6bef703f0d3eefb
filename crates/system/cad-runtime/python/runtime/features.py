"""What of a shape's geometry decides how it is made: internal corners and bores. Lengths in mm, world axes.

Everything is read off the faces and edges themselves; nothing is probed, so thin walls and tight corners are as
good as any others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from OCP.BRep import BRep_Tool
from OCP.BRepAdaptor import BRepAdaptor_Curve, BRepAdaptor_Surface
from OCP.BRepLProp import BRepLProp_SLProps
from OCP.BRepTools import BRepTools
from OCP.collections import IndexedMap_TopoDS_Shape_TopTools_ShapeMapHasher
from OCP.GeomAbs import (
    GeomAbs_BezierSurface,
    GeomAbs_BSplineSurface,
    GeomAbs_Cylinder,
    GeomAbs_Line,
    GeomAbs_OffsetSurface,
    GeomAbs_Plane,
    GeomAbs_SurfaceOfExtrusion,
)
from OCP.gp import gp_Pnt, gp_Vec
from OCP.Standard import Standard_Failure
from OCP.TopAbs import TopAbs_EDGE, TopAbs_REVERSED
from OCP.TopExp import TopExp_Explorer
from OCP.TopoDS import TopoDS, TopoDS_Shape

from runtime.geometry import faces_of

# Faces whose normals agree better than this meet smoothly (8 degrees).
_TANGENT_COSINE = 0.99
# Axes and radii that differ by less are those of one cylinder.
_SAME_LENGTH_MM = 1e-4
_SAME_ANGLE_RAD = 1e-3

# Surfaces that bend by any law; one that is straight along one parameter is a wall.
_FREE_SURFACES = (
    GeomAbs_SurfaceOfExtrusion,
    GeomAbs_BSplineSurface,
    GeomAbs_BezierSurface,
    GeomAbs_OffsetSurface,
)
# A wall is looked at in so many places, and then so often about the one that is bent most.
_PLACES = 64
_REFINEMENTS = 30
# Shorter derivatives have no direction.
_LEAST_DERIVATIVE = 1e-9
# Bends of a larger radius are no corners.
_LARGEST_RADIUS_MM = 1e3

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Features:
    """``internal_corners``: ``radius_mm`` (0 is sharp), ``axis`` (the straight direction, a unit vector of either sense),
    ``position_mm``, ``length_mm`` along it. ``bores``: ``diameter_mm``, ``start_mm``, ``end_mm``."""

    internal_corners: list[dict[str, Any]]
    bores: list[dict[str, Any]]


@dataclass(frozen=True)
class _Face:
    """A face with what is asked of it more than once."""

    face: Any
    surface: BRepAdaptor_Surface
    is_reversed: bool


@dataclass(frozen=True)
class _HollowCylinder:
    """A cylindrical face with the air inside. Heights count along ``axis`` from ``origin`` on, angles (rad) about it;
    ``middle`` is the middle of the face."""

    origin: Vector
    axis: Vector
    radius_mm: float
    height_from: float
    height_to: float
    angle_from: float
    angle_to: float
    middle: Vector

    @property
    def is_closed(self) -> bool:
        return self.angle_to - self.angle_from >= 2.0 * math.pi - _SAME_ANGLE_RAD


def find_features(shape: TopoDS_Shape) -> Features:
    """All internal corners and bores of a shape."""
    faces = [_inspected(face) for face in faces_of(shape)]
    bores: list[dict[str, Any]] = []
    corners = [*_sharp_corners(faces), *_bent_corners(faces)]
    for group in _coaxial(_hollow_cylinders(faces)):
        closed = _closed_heights(group)
        first = group[0]
        bores.extend(
            {
                "diameter_mm": 2.0 * first.radius_mm,
                "start_mm": _along(first.origin, first.axis, low),
                "end_mm": _along(first.origin, first.axis, high),
            }
            for low, high in closed
        )
        corners.extend(
            _corner(face.radius_mm, face.axis, face.middle, face.height_to - face.height_from)
            for face in group
            if not _within(face, closed)
        )
    return Features(corners, bores)


def _corner(radius_mm: float, axis: Vector, position_mm: Vector, length_mm: float) -> dict[str, Any]:
    return {"radius_mm": radius_mm, "axis": axis, "position_mm": position_mm, "length_mm": length_mm}


def _inspected(face: Any) -> _Face:
    return _Face(face, BRepAdaptor_Surface(face, False), face.Orientation() == TopAbs_REVERSED)


# --- sharp corners ---


def _sharp_corners(faces: list[_Face]) -> list[dict[str, Any]]:
    edges = IndexedMap_TopoDS_Shape_TopTools_ShapeMapHasher()
    straight: dict[int, BRepAdaptor_Curve] = {}
    uses: dict[int, list[tuple[Any, _Face]]] = {}
    for face in faces:
        explorer = TopExp_Explorer(face.face, TopAbs_EDGE)
        while explorer.More():
            edge = TopoDS.Edge(explorer.Current())
            explorer.Next()
            known = edges.Extent()
            index = edges.Add(edge)
            if index > known and (curve := _line(edge)) is not None:
                straight[index] = curve
            if index in straight:
                uses.setdefault(index, []).append((edge, face))
    corners = []
    for index, pair in uses.items():
        # A seam meets its own face; an edge of more than two faces bounds no single solid.
        if len(pair) == 2 and pair[0][1] is not pair[1][1]:
            corner = _sharp_corner(straight[index], *pair[0], pair[1][0], pair[1][1])
            if corner is not None:
                corners.append(corner)
    return corners


def _line(edge: Any) -> BRepAdaptor_Curve | None:
    if BRep_Tool.Degenerated_s(edge):
        return None
    curve = BRepAdaptor_Curve(edge)
    return curve if curve.GetType() == GeomAbs_Line else None


def _sharp_corner(
    curve: BRepAdaptor_Curve, edge: Any, face: _Face, other_edge: Any, other: _Face
) -> dict[str, Any] | None:
    first, last = curve.FirstParameter(), curve.LastParameter()
    parameter = 0.5 * (first + last)
    normal = _outward_normal(face, edge, parameter)
    other_normal = _outward_normal(other, other_edge, parameter)
    if normal is None or other_normal is None or normal.Dot(other_normal) > _TANGENT_COSINE:
        return None
    direction = gp_Vec(curve.Line().Direction())
    if edge.Orientation() == TopAbs_REVERSED:
        direction.Reverse()
    # Seen from outside, a face lies to the left of its edges. Where it rises above the other face, the air is
    # between the two.
    if normal.Crossed(direction).Dot(other_normal) <= 0.0:
        return None
    return _corner(0.0, direction.Coord(), curve.Value(parameter).Coord(), last - first)


def _outward_normal(face: _Face, edge: Any, parameter: float) -> gp_Vec | None:
    """Unit normal of a face at a point of one of its edges, away from the material."""
    if face.surface.GetType() == GeomAbs_Plane:
        plane = face.surface.Plane()
        normal = gp_Vec(plane.Axis().Direction())
        if not plane.Direct():
            normal.Reverse()
    else:
        trace = BRep_Tool.CurveOnSurface_s(edge, face.face, 0.0, 0.0)
        if trace is None:
            return None
        place = trace.Value(parameter)
        point, along_u, along_v = gp_Pnt(), gp_Vec(), gp_Vec()
        face.surface.D1(place.X(), place.Y(), point, along_u, along_v)
        normal = along_u.Crossed(along_v)
        if normal.Magnitude() == 0.0:
            return None
        normal.Normalize()
    if face.is_reversed:
        normal.Reverse()
    return normal


# --- walls that bend by any law ---


def _bent_corners(faces: list[_Face]) -> Iterator[dict[str, Any]]:
    """Where each wall that is no plane and no cylinder is hollowed most."""
    for face in faces:
        if face.surface.GetType() in _FREE_SURFACES and (wall := _wall(face)) is not None:
            corner = wall.tightest()
            if corner is not None:
                yield corner


@dataclass(frozen=True)
class _Wall:
    """A face that is straight along ``axis`` for ``length_mm``, and bends along its other parameter ``along_u`` or v."""

    face: _Face
    axis: Vector
    length_mm: float
    along_u: bool
    bends_from: float
    bends_to: float
    middle: float

    def tightest(self) -> dict[str, Any] | None:
        step = (self.bends_to - self.bends_from) / _PLACES
        places = [self.bends_from + step * index for index in range(_PLACES + 1)]
        best = max(places, key=self.bend)
        for _ in range(_REFINEMENTS):
            step *= 0.5
            near = (max(best - step, self.bends_from), best, min(best + step, self.bends_to))
            best = max(near, key=self.bend)
        bend = self.bend(best)
        if bend * _LARGEST_RADIUS_MM < 1.0:
            return None
        position = self.face.surface.Value(*self._parameters(best)).Coord()
        return _corner(1.0 / bend, self.axis, position, self.length_mm)

    def bend(self, place: float) -> float:
        """Curvature towards the air, 1/mm; 0 where it is not defined."""
        try:
            properties = BRepLProp_SLProps(self.face.surface, *self._parameters(place), 2, _LEAST_DERIVATIVE)
            is_defined = properties.IsCurvatureDefined()
        except Standard_Failure:
            # Where an offset's own curve has a kink, the kernel raises.
            is_defined = False
        if not is_defined:
            return 0.0
        # The kernel counts what bends towards the surface's own normal, which points away from the material or into it.
        return -properties.MinCurvature() if self.face.is_reversed else properties.MaxCurvature()

    def _parameters(self, place: float) -> tuple[float, float]:
        return (place, self.middle) if self.along_u else (self.middle, place)


def _wall(face: _Face) -> _Wall | None:
    u_from, u_to, v_from, v_to = BRepTools.UVBounds_s(face.face)
    columns = [[_derivatives(face, u, v) for v in _spread(v_from, v_to)] for u in _spread(u_from, u_to)]
    for along_u in (True, False):
        straight = [derivatives[1 if along_u else 0] for column in columns for derivatives in column]
        axis = straight[0]
        if any(other.Magnitude() < _LEAST_DERIVATIVE for other in straight):
            continue
        if not all(axis.IsParallel(other, _SAME_ANGLE_RAD) for other in straight):
            continue
        span = v_to - v_from if along_u else u_to - u_from
        bends = (u_from, u_to, 0.5 * (v_from + v_to)) if along_u else (v_from, v_to, 0.5 * (u_from + u_to))
        return _Wall(face, axis.Normalized().Coord(), span * axis.Magnitude(), along_u, *bends)
    return None


def _derivatives(face: _Face, u: float, v: float) -> tuple[gp_Vec, gp_Vec]:
    point, along_u, along_v = gp_Pnt(), gp_Vec(), gp_Vec()
    face.surface.D1(u, v, point, along_u, along_v)
    return along_u, along_v


def _spread(low: float, high: float) -> list[float]:
    return [low + (high - low) * share for share in (0.03, 0.27, 0.51, 0.74, 0.96)]


# --- cylinders ---


def _hollow_cylinders(faces: list[_Face]) -> Iterator[_HollowCylinder]:
    for face in faces:
        if face.surface.GetType() != GeomAbs_Cylinder:
            continue
        cylinder = face.surface.Cylinder()
        position = cylinder.Position()
        # The surface's own normal points away from the axis in a right-handed system.
        if position.Direct() != face.is_reversed:
            continue
        angle_from, angle_to, height_from, height_to = BRepTools.UVBounds_s(face.face)
        middle = face.surface.Value(0.5 * (angle_from + angle_to), 0.5 * (height_from + height_to))
        origin, axis = position.Location(), position.Direction()
        yield _HollowCylinder(
            origin=(origin.X(), origin.Y(), origin.Z()),
            axis=(axis.X(), axis.Y(), axis.Z()),
            radius_mm=cylinder.Radius(),
            height_from=height_from,
            height_to=height_to,
            angle_from=angle_from,
            angle_to=angle_to,
            middle=(middle.X(), middle.Y(), middle.Z()),
        )


def _coaxial(cylinders: Iterator[_HollowCylinder]) -> list[list[_HollowCylinder]]:
    """Groups of cylinders with one axis and radius, all told in the frame of the first of their group."""
    groups: list[list[_HollowCylinder]] = []
    for cylinder in cylinders:
        for group in groups:
            if (told := _retold(cylinder, group[0])) is not None:
                group.append(told)
                break
        else:
            groups.append([cylinder])
    return groups


def _retold(cylinder: _HollowCylinder, frame: _HollowCylinder) -> _HollowCylinder | None:
    """The cylinder with heights and angles of another's frame; None when the two are not the same cylinder.

    Where a face lies around the axis follows from its middle, whatever its own angles count from.
    """
    if abs(cylinder.radius_mm - frame.radius_mm) > _SAME_LENGTH_MM:
        return None
    offset = _difference(cylinder.origin, frame.origin)
    height = _dot(offset, frame.axis)
    aside = _difference(offset, _along((0.0, 0.0, 0.0), frame.axis, height))
    cosine = _dot(cylinder.axis, frame.axis)
    if math.hypot(*aside) > _SAME_LENGTH_MM or abs(cosine) < 1.0 - 1e-9:
        return None
    sense = 1.0 if cosine > 0.0 else -1.0
    ends = sorted((height + sense * cylinder.height_from, height + sense * cylinder.height_to))
    half = 0.5 * (cylinder.angle_to - cylinder.angle_from)
    center = 0.5 * (frame.angle_from + frame.angle_to) + _angle_between(frame, cylinder.middle)
    return _HollowCylinder(
        frame.origin, frame.axis, frame.radius_mm, *ends, center - half, center + half, cylinder.middle
    )


def _angle_between(frame: _HollowCylinder, point: Vector) -> float:
    """Angle about the frame's axis from the middle of its own face to a point."""
    start = _difference(frame.middle, frame.origin)
    start = _difference(start, _along((0.0, 0.0, 0.0), frame.axis, _dot(start, frame.axis)))
    end = _difference(point, frame.origin)
    return math.atan2(_dot(_cross(start, end), frame.axis), _dot(start, end))


def _closed_heights(group: list[_HollowCylinder]) -> list[tuple[float, float]]:
    """Stretches of the axis that the faces of a group close all around; touching stretches are one."""
    ends = sorted({end for face in group for end in (face.height_from, face.height_to)})
    stretches: list[tuple[float, float]] = []
    for low, high in zip(ends, ends[1:], strict=False):
        middle = 0.5 * (low + high)
        around = [face for face in group if face.height_from <= middle <= face.height_to]
        if not _closes(around):
            continue
        if stretches and low - stretches[-1][1] <= _SAME_LENGTH_MM:
            stretches[-1] = (stretches[-1][0], high)
        else:
            stretches.append((low, high))
    return [(low, high) for low, high in stretches if high - low > _SAME_LENGTH_MM]


def _closes(faces: list[_HollowCylinder]) -> bool:
    """Whether faces around one axis leave no gap."""
    if any(face.is_closed for face in faces):
        return True
    turn = 2.0 * math.pi
    arcs = sorted((face.angle_from % turn, face.angle_to - face.angle_from) for face in faces)
    if not arcs:
        return False
    reached = arcs[0][0]
    for start, span in [*arcs, (arcs[0][0] + turn, 0.0)]:
        if start > reached + _SAME_ANGLE_RAD:
            return False
        reached = max(reached, start + span)
    return True


def _within(face: _HollowCylinder, stretches: list[tuple[float, float]]) -> bool:
    return any(
        low - _SAME_LENGTH_MM <= face.height_from and face.height_to <= high + _SAME_LENGTH_MM
        for low, high in stretches
    )


def _difference(first: Vector, second: Vector) -> Vector:
    return (first[0] - second[0], first[1] - second[1], first[2] - second[2])


def _along(origin: Vector, axis: Vector, distance: float) -> Vector:
    return (origin[0] + distance * axis[0], origin[1] + distance * axis[1], origin[2] + distance * axis[2])


def _dot(first: Vector, second: Vector) -> float:
    return first[0] * second[0] + first[1] * second[1] + first[2] * second[2]


def _cross(first: Vector, second: Vector) -> Vector:
    return (
        first[1] * second[2] - first[2] * second[1],
        first[2] * second[0] - first[0] * second[2],
        first[0] * second[1] - first[1] * second[0],
    )
