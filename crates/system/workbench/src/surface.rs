//! A part's surface, prepared for queries: facets with normals, points on them, and how many faces facets belong to.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
};

use geometry::{Edges, Groups, Joint, Welded, volume_mm3};
use parry3d_f64::math::Vector;

use crate::solid::Solid;

/// Lowest height of a triangle, mm. The normal of a flatter one is rounding noise, and it occludes nothing.
const MIN_FACET_HEIGHT_MM: f64 = 1e-6;

/// Largest coordinate of a part, mm; beyond it the arithmetic of rays is not exact enough.
const MAX_COORDINATE_MM: f64 = 1e7;

/// Facets of which the normals differ by less belong to one face. Curved faces come with facets of some 6°, and
/// chamfers meet their neighbours at 45°.
const SMOOTH_DEG: f64 = 15.0;

/// Points of a triangle as weights of its corners: the middle and one towards each corner. They are irregular so that
/// a ray from one does not pass exactly through an edge of a symmetric part.
const SAMPLES: [[f64; 3]; 4] = [[0.34, 0.31, 0.35], [0.79, 0.11, 0.10], [0.09, 0.80, 0.11], [0.10, 0.12, 0.78]];

/// Number of sample points of a part: each facet has one, and up to four where facets are few and large.
const SOUGHT_POINTS: usize = 400;

/// A corner of which the true normal differs more from that of its facet, as a cosine, belongs to a curved face (0.08°).
const FLAT: f64 = 1.0 - 1e-6;

/// A triangle that has a normal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facet {
    /// Corners.
    pub corners: [Vector; 3],
    /// Outward unit normal.
    pub normal: Vector,
    /// Outward unit normal of the true face about the middle of the facet. The facets of a cone alternate between
    /// leaning too much and too little, by up to a degree where they are short.
    pub facing: Vector,
    /// Outward unit normals of the true face at the corners.
    pub normals: [Vector; 3],
    /// Whether that face is curved, so that the facets are only near it.
    pub is_curved: bool,
    /// Welded corners.
    vertices: [u32; 3],
}

impl Facet {
    /// A facet with the normals of its true face; without them, it is the face.
    fn new(corners: [Vector; 3], normals: Option<[Vector; 3]>) -> Option<Self> {
        let [a, b, c] = corners;
        let cross = (b - a).cross(c - a);
        let twice_area = cross.length();
        let longest = (b - a).length().max((c - b).length()).max((a - c).length());
        let upright = twice_area.is_finite() && twice_area > longest * MIN_FACET_HEIGHT_MM;
        let normal = cross / twice_area;
        let curved = normals.filter(|normals| normals.iter().any(|at| at.dot(normal) < FLAT));
        let normals = curved.unwrap_or([normal; 3]);
        let facing = (normals[0] + normals[1] + normals[2]).try_normalize().unwrap_or(normal);
        let facing = if curved.is_some() { facing } else { normal };
        upright.then_some(Self { corners, normal, facing, normals, is_curved: curved.is_some(), vertices: [0; 3] })
    }

    /// The true face beside a point of the facet: how far it is off, and its outward unit normal there.
    ///
    /// Half of what the tangent planes of the corners are off, weighed by nearness: for an arc, the plane at either end
    /// is twice as far from the chord as the arc is. The error is of the fourth order in the angle of the facet.
    pub fn true_face(&self, point: Vector) -> (Vector, Vector) {
        let weights = self.weights(point);
        let (mut off, mut normal) = (Vector::ZERO, Vector::ZERO);
        for ((corner, at), weight) in self.corners.iter().zip(&self.normals).zip(weights) {
            off += *at * ((*corner - point).dot(*at) * weight / 2.0);
            normal += *at * weight;
        }
        (off, normal.try_normalize().unwrap_or(self.normal))
    }

    /// Weights of the corners that make up a point of the facet.
    fn weights(&self, point: Vector) -> [f64; 3] {
        let [a, b, c] = self.corners;
        let part = |from: Vector, to: Vector| (from - point).cross(to - point).dot(self.normal).max(0.0);
        let areas = [part(b, c), part(c, a), part(a, b)];
        let sum: f64 = areas.iter().sum();
        if sum > 0.0 { areas.map(|area| area / sum) } else { SAMPLES[0] }
    }

    /// How little its true face leans from z anywhere, as the sine of the angle.
    pub fn least_lean(&self) -> f64 {
        self.normals.iter().map(|normal| normal.z.abs()).fold(f64::INFINITY, f64::min)
    }

    /// Lowest and highest lean of its true face, as sines; positive is upwards.
    pub fn leans(&self) -> [f64; 2] {
        let leans = self.normals.map(|normal| normal.z);
        [leans.iter().copied().fold(f64::INFINITY, f64::min), leans.iter().copied().fold(f64::NEG_INFINITY, f64::max)]
    }

    /// Whether its true face is hollow, as that of a bore: its normals come together.
    pub fn is_hollow(&self) -> bool {
        let turn =
            |from: usize, to: usize| (self.normals[to] - self.normals[from]).dot(self.corners[to] - self.corners[from]);
        self.is_curved && turn(0, 1) + turn(1, 2) + turn(2, 0) < 0.0
    }

    /// About its middle.
    pub fn middle(&self) -> Vector {
        self.at(SAMPLES[0])
    }

    /// Up to four points of it, the middle first.
    pub fn points(&self, count: usize) -> impl Iterator<Item = Vector> + '_ {
        SAMPLES.iter().take(count).map(|weights| self.at(*weights))
    }

    fn at(&self, [a, b, c]: [f64; 3]) -> Vector {
        self.corners[0] * a + self.corners[1] * b + self.corners[2] * c
    }

    /// Its welded corners, beginning with the lowest: the same for facets that lie on each other and face the same way.
    pub fn place(&self) -> [u32; 3] {
        let mut place = self.vertices;
        let lowest = (0..3).min_by_key(|&at| place[at]).unwrap_or_default();
        place.rotate_left(lowest);
        place
    }

    /// Z of its lowest corner, mm.
    pub fn lowest(&self) -> f64 {
        self.corners.iter().map(|corner| corner.z).fold(f64::INFINITY, f64::min)
    }

    /// Z of its highest corner, mm.
    pub fn highest(&self) -> f64 {
        self.corners.iter().map(|corner| corner.z).fold(f64::NEG_INFINITY, f64::max)
    }
}

/// The facets of a part.
#[derive(Debug)]
pub(crate) struct Surface<'a> {
    /// Facets.
    pub facets: Vec<Facet>,
    /// Longer than any line through the part, mm.
    pub reach: f64,
    cancel: &'a AtomicBool,
}

impl<'a> Surface<'a> {
    /// The surface of `solid`; `None` when it has no triangle with an area, or impossible figures. When `cancel` is
    /// set, every query on it ends early and its result is meaningless.
    pub fn of(solid: &Solid, cancel: &'a AtomicBool) -> Option<Self> {
        let usable = |corner: &[f64; 3]| corner.iter().all(|at| at.abs() <= MAX_COORDINATE_MM);
        let corner = |index: u32| solid.vertices_mm.get(index as usize).filter(|at| usable(at)).map(|at| vector(*at));
        let mut facets = Vec::with_capacity(solid.triangles.len());
        for (place, &[a, b, c]) in solid.triangles.iter().enumerate() {
            let corners = [corner(a)?, corner(b)?, corner(c)?];
            let normals = solid.normals.get(place).map(|normals| normals.map(|normal| vector(normal.map(f64::from))));
            facets.extend(Facet::new(corners, normals));
        }
        let first = facets.first()?.corners[0];
        let corners = || facets.iter().flat_map(|facet: &Facet| facet.corners);
        let low = corners().fold(first, Vector::min);
        let high = corners().fold(first, Vector::max);
        let reach = (high - low).length() * 2.0 + 1.0;
        weld(&mut facets);
        Some(Self { facets, reach, cancel })
    }

    /// True when no one waits for an answer any more.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    /// Number of sample points of each facet.
    pub fn points_per_facet(&self) -> usize {
        (SOUGHT_POINTS / self.facets.len().max(1)).clamp(1, SAMPLES.len())
    }

    /// Welded corners of the facets.
    pub fn triangles(&self) -> Vec<[u32; 3]> {
        self.facets.iter().map(|facet| facet.vertices).collect()
    }

    /// Closed surfaces that lie inside others and face inwards: what each encloses, mm³, and a point of it, mm.
    pub fn voids(&self) -> Vec<(f64, [f64; 3])> {
        let mut of_shell: BTreeMap<usize, Vec<[[f64; 3]; 3]>> = BTreeMap::new();
        for (facet, shell) in self.facets.iter().zip(geometry::shells(&self.triangles())) {
            of_shell.entry(shell).or_default().push(facet.corners.map(|corner| corner.to_array()));
        }
        let measured = of_shell.into_values().map(|facets| (-volume_mm3(facets.iter().copied()), facets[0][0]));
        measured.filter(|(volume, _)| *volume > 0.0).collect()
    }

    /// Number of faces to which the facets with these (ascending) indices belong: neighbours with nearly the same
    /// normal are one face, so that a cylinder counts once at any tessellation.
    pub fn count_faces(&self, chosen: &[usize]) -> u32 {
        let smooth = SMOOTH_DEG.to_radians().cos();
        let facet = |place: usize| &self.facets[chosen[place]];
        let triangles: Vec<[u32; 3]> = (0..chosen.len()).map(|place| facet(place).vertices).collect();
        let mut smooth_faces = Groups::of_single(chosen.len());
        let mut faces = chosen.len();
        for Joint { left, right, .. } in Edges::of(&triangles).joints() {
            if facet(left).normal.dot(facet(right).normal) >= smooth && smooth_faces.join(left, right) {
                faces -= 1;
            }
        }
        faces as u32
    }
}

/// Numbers the corners, so that neighbours have them in common.
fn weld(facets: &mut [Facet]) {
    let corners = facets.iter().flat_map(|facet| facet.corners);
    let welded = Welded::of(corners.map(|corner| corner.to_array()));
    for (facet, index) in facets.iter_mut().zip(welded.index.as_chunks::<3>().0) {
        facet.vertices = *index;
    }
}

/// As a vector.
fn vector(at: [f64; 3]) -> Vector {
    Vector::new(at[0], at[1], at[2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn true_face_lies_on_the_arc() {
        // A facet of a cylinder of radius 20 about z: 0.2 rad wide, its chord 0.1 mm below the arc.
        let at = |angle: f64, z: f64| vector([20.0 * angle.cos(), 20.0 * angle.sin(), z]);
        let normal = |angle: f64| vector([angle.cos(), angle.sin(), 0.0]);
        let corners = [at(-0.1, 0.0), at(0.1, 0.0), at(0.1, 10.0)];
        let facet = Facet::new(corners, Some([normal(-0.1), normal(0.1), normal(0.1)])).expect("it has an area");
        let point = facet.at([0.5, 0.25, 0.25]);
        let (off, facing) = facet.true_face(point);
        let radius = (point + off).truncate().length();
        // cos t + sin² t · cos t / 2 = 1 − 3/8 · t⁴ for t = 0.1, of which 20 mm are 0.00075 mm.
        assert!((radius - 20.0).abs() < 0.0008, "{radius}");
        assert!((facing - normal(0.0)).length() < 1e-9 && facet.is_curved);
    }

    #[test]
    fn cancelled_surface_ends_at_once() {
        let cube = crate::sample_solids::SampleSolid::cuboid([10.0; 3]);
        let surface = Surface::of(&cube.view(), &AtomicBool::new(true)).map(|surface| surface.is_cancelled());
        assert_eq!(surface, Some(true));
    }
}
