//! What a ray hits and how far away the surface is: queries on the triangle tree.

use std::collections::HashSet;

use parry3d_f64::{
    math::Vector,
    query::{PointQuery, PointQueryWithLocation, Ray, RayCast},
    shape::{CompositeShapeRef, TriMesh},
};

use crate::surface::{Facet, Surface};

/// How far from the surface a ray starts, mm: further than rounding errors of coordinates, nearer than any detail.
const START_OFFSET_MM: f64 = 1e-4;

/// The same where the surface is curved. Facets are up to this far from the true face, and if they hide each other by
/// less than that, it is not a feature of the part.
const START_OFFSET_CURVED_MM: f64 = 0.1;

/// Facets that tilt by less are upright, as the sine of the angle: 0.01 mm in 100 mm is below machine accuracy, and
/// above the rounding errors of an upright wall, so that a wall never blocks itself.
const UPRIGHT: f64 = 1e-4;

/// What blocks the way out of a part in one direction. An upward ray enters a closed solid from below, so only facets
/// that face the ray need to be checked.
pub(crate) struct WayOut {
    along: Vector,
    blocking: Option<TriMesh>,
    reach: f64,
}

impl WayOut {
    /// The way out of `surface` along a unit vector.
    pub fn of(surface: &Surface, along: Vector) -> Self {
        let faces_ray = |facet: &&Facet| facet.facing.dot(along) < -UPRIGHT;
        let single = single(surface.facets.iter().filter(faces_ray).enumerate());
        let blocking = mesh(single.into_iter().map(|(_, facet)| facet));
        Self { along, blocking, reach: surface.reach }
    }

    /// Whether something blocks the way from `point` of `facet`. The ray starts a little outside.
    pub fn is_blocked(&self, point: Vector, facet: &Facet) -> bool {
        let Some(blocking) = &self.blocking else { return false };
        let offset = if facet.is_curved { START_OFFSET_CURVED_MM } else { START_OFFSET_MM };
        let ray = Ray::new(point + facet.facing * offset, self.along);
        blocking.intersects_local_ray(&ray, self.reach)
    }
}

/// The inside of a part.
pub(crate) struct Inside {
    mesh: TriMesh,
    /// Which facet of the surface each facet of the mesh is.
    facets: Vec<usize>,
    reach: f64,
}

/// Where a ray through the inside comes out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exit {
    /// Length of the way, mm.
    pub distance: f64,
    /// Index of the facet.
    pub facet: usize,
}

impl Inside {
    /// The inside of `surface`.
    pub fn of(surface: &Surface) -> Option<Self> {
        let single = single(surface.facets.iter().enumerate());
        let (facets, shapes): (Vec<_>, Vec<_>) = single.into_iter().unzip();
        Some(Self { mesh: mesh(shapes.into_iter())?, facets, reach: surface.reach })
    }

    /// Where the straight way inwards from `point` of a facet ends; with the inward normal, the way outwards through the
    /// air.
    pub fn across(&self, point: Vector, normal: Vector) -> Option<Exit> {
        let ray = Ray::new(point - normal * START_OFFSET_MM, -normal);
        let (facet, way) = CompositeShapeRef(&self.mesh).cast_local_ray(&ray, self.reach, true)?;
        Some(Exit { distance: way + START_OFFSET_MM, facet: *self.facets.get(facet as usize)? })
    }

    /// The point of the surface next to `point`.
    pub fn nearest(&self, point: Vector) -> Vector {
        self.mesh.project_local_point(point, false).point
    }

    /// The point of the surface next to `point`, and its facet.
    pub fn nearest_facet(&self, point: Vector) -> Option<(Vector, usize)> {
        let (projection, (facet, _)) = self.mesh.project_local_point_and_get_location(point, false);
        Some((projection.point, *self.facets.get(facet as usize)?))
    }

    /// How far the surface is from a point inside in one direction.
    pub fn distance(&self, point: Vector, direction: Vector) -> Option<f64> {
        self.mesh.cast_local_ray(&Ray::new(point, direction), self.reach, false)
    }
}

/// Of coinciding facets, only the first: the others hide nothing more, and no tree can distinguish them.
fn single<'a>(facets: impl Iterator<Item = (usize, &'a Facet)>) -> Vec<(usize, &'a Facet)> {
    let mut seen = HashSet::new();
    facets.filter(|(_, facet)| seen.insert(facet.place())).collect()
}

/// A triangle tree of facets, in their order; none without facets.
fn mesh<'a>(facets: impl Iterator<Item = &'a Facet>) -> Option<TriMesh> {
    let corners: Vec<Vector> = facets.flat_map(|facet| facet.corners).collect();
    let indices = (0..corners.len() as u32 / 3).map(|at| [3 * at, 3 * at + 1, 3 * at + 2]).collect();
    TriMesh::new(corners, indices).ok()
}
