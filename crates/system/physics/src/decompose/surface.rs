//! A closed triangle surface with shared corners, and its properties.

use std::collections::HashMap;

use geometry::{Edges, Groups, Joint, Welded, times_enclosed, volume_mm3};
use parry3d_f64::math::Vector;

/// Smallest sine of the angle by which an edge must be wider than half a turn to count as a notch (0.6°).
const NOTCH_SINE: f64 = 0.01;

/// Solids smaller than this are left out of all contacts, mm³.
const MIN_VOLUME_MM3: f64 = 1e-3;

/// Facets that meet at less than this angle are facets of one round, rad; CAD tessellates to within 0.1 rad.
pub(super) const SMOOTH_RAD: f64 = 0.2;

/// One less the cosine of the angle at which triangles count as one flat face.
pub(super) const COPLANAR: f64 = 1e-9;

/// A face that is this many times larger than the adjacent facets is flat, such as the floor of a pocket beside its
/// fillet.
const FACET_AREAS: f64 = 4.0;

/// A closed surface: of a part, or of a piece of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Surface {
    pub points: Vec<Vector>,
    pub triangles: Vec<[u32; 3]>,
    /// What each triangle is.
    pub kinds: Vec<FaceKind>,
}

/// What a triangle is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FaceKind {
    /// The face of a cut, behind which the part continues.
    Cut,
    /// A face that CAD means to be flat.
    Flat,
    /// A facet of a round.
    Round,
}

/// An edge where the solid is wider than half a turn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Notch {
    pub ends: [Vector; 2],
    /// Outward normals of the two faces that meet there.
    pub normals: [Vector; 2],
    /// Length times angle.
    pub weight: f64,
}

impl Surface {
    /// A mesh with its coinciding corners merged.
    pub fn welded(vertices: &[[f64; 3]], triangles: &[[u32; 3]]) -> Self {
        let Welded { points, index } = Welded::of(vertices.iter().copied());
        let welded = triangles.iter().map(|corners| corners.map(|corner| index[corner as usize]));
        let triangles = welded.filter(|[a, b, c]| a != b && b != c && c != a).collect();
        let mut surface = Self::whole(points.into_iter().map(Vector::from).collect(), triangles);
        surface.find_flat_faces();
        surface
    }

    /// A surface without cuts, all of whose faces count as round.
    pub fn whole(points: Vec<Vector>, triangles: Vec<[u32; 3]>) -> Self {
        let kinds = vec![FaceKind::Round; triangles.len()];
        Self { points, triangles, kinds }
    }

    /// Distinguishes flat faces from facets of rounds: a facet meets another of about its size at a small angle.
    fn find_flat_faces(&mut self) {
        let normals: Vec<Vector> = self.triangles.iter().map(|triangle| self.normal(*triangle)).collect();
        let joints: Vec<Joint> = Edges::of(&self.triangles).joints().collect();
        let mut flat = Groups::of_single(self.triangles.len());
        for Joint { left, right, .. } in &joints {
            if normals[*left].dot(normals[*right]) > 1.0 - COPLANAR {
                flat.join(*left, *right);
            }
        }
        let group = flat.all_firsts();
        let mut area = vec![0.0; group.len()];
        for (index, triangle) in self.triangles.iter().enumerate() {
            let [a, b, c] = self.corners(*triangle);
            area[group[index]] += (b - a).cross(c - a).length() / 2.0;
        }
        let mut largest_beside = vec![0.0_f64; group.len()];
        for Joint { left, right, .. } in joints {
            let (here, there) = (group[left], group[right]);
            if here != there && normals[left].dot(normals[right]) > SMOOTH_RAD.cos() {
                largest_beside[here] = largest_beside[here].max(area[there]);
                largest_beside[there] = largest_beside[there].max(area[here]);
            }
        }
        for (kind, group) in self.kinds.iter_mut().zip(group) {
            if area[group] > FACET_AREAS * largest_beside[group] {
                *kind = FaceKind::Flat;
            }
        }
    }

    pub fn corners(&self, triangle: [u32; 3]) -> [Vector; 3] {
        triangle.map(|corner| self.points[corner as usize])
    }

    /// Outward unit normal; zero for a triangle without area.
    pub fn normal(&self, triangle: [u32; 3]) -> Vector {
        let [a, b, c] = self.corners(triangle);
        (b - a).cross(c - a).normalize_or_zero()
    }

    pub fn extent(&self) -> [Vector; 2] {
        let start = [Vector::splat(f64::INFINITY), Vector::splat(f64::NEG_INFINITY)];
        self.points.iter().fold(start, |[low, high], point| [low.min(*point), high.max(*point)])
    }

    pub fn diagonal(&self) -> f64 {
        let [low, high] = self.extent();
        (high - low).length()
    }

    /// The corners of the triangles, mm.
    fn facets(&self) -> impl Iterator<Item = [[f64; 3]; 3]> + '_ {
        self.triangles.iter().map(|triangle| self.corners(*triangle).map(|corner| corner.to_array()))
    }

    /// Volume, mm³; negative for the wall of a void.
    pub fn volume(&self) -> f64 {
        volume_mm3(self.facets())
    }

    /// Volume over half of the area, mm; for a sheet this is its thickness.
    pub fn mean_thickness(&self) -> f64 {
        let doubled = self.triangles.iter().map(|triangle| {
            let [a, b, c] = self.corners(*triangle);
            (b - a).cross(c - a).length()
        });
        4.0 * self.volume() / doubled.sum::<f64>()
    }

    /// Directed edges that no triangle runs back along: none, for a closed surface.
    pub fn open_edges(&self) -> Vec<[u32; 2]> {
        geometry::open_edges(&self.triangles)
    }

    /// The solids of which no two touch, each with the walls of the voids in it.
    pub fn solids(self) -> Vec<Self> {
        let (mut solids, voids): (Vec<_>, Vec<_>) = self
            .shells()
            .into_iter()
            .map(|shell| (shell.volume(), shell))
            .filter(|(volume, _)| volume.abs() > MIN_VOLUME_MM3)
            .partition(|(volume, _)| *volume > 0.0);
        for (_, wall) in voids {
            let Some(point) = wall.points.first().copied() else { continue };
            let around = solids.iter_mut().filter(|(_, solid)| times_enclosed(solid.facets(), point.to_array()) > 0);
            if let Some((_, solid)) = around.min_by(|(one, _), (other, _)| one.total_cmp(other)) {
                solid.absorb(wall);
            }
        }
        solids.into_iter().map(|(_, solid)| solid).collect()
    }

    fn absorb(&mut self, other: Self) {
        let first = self.points.len() as u32;
        self.points.extend(other.points);
        self.triangles.extend(other.triangles.iter().map(|corners| corners.map(|corner| corner + first)));
        self.kinds.extend(other.kinds);
    }

    /// The parts of the surface of which no two share an edge.
    fn shells(self) -> Vec<Self> {
        let mut solids: Vec<(Self, HashMap<u32, u32>)> = Vec::new();
        let mut place = HashMap::new();
        for (index, (triangle, shell)) in self.triangles.iter().zip(geometry::shells(&self.triangles)).enumerate() {
            let slot = *place.entry(shell).or_insert_with(|| {
                solids.push(Default::default());
                solids.len() - 1
            });
            let (solid, renamed) = &mut solids[slot];
            let corners = triangle.map(|corner| {
                *renamed.entry(corner).or_insert_with(|| {
                    solid.points.push(self.points[corner as usize]);
                    solid.points.len() as u32 - 1
                })
            });
            solid.triangles.push(corners);
            solid.kinds.push(self.kinds[index]);
        }
        solids.into_iter().map(|(solid, _)| solid).collect()
    }

    /// Every edge where the solid is wider than half a turn.
    pub fn notches(&self) -> Vec<Notch> {
        let edges = Edges::of(&self.triangles);
        let notches = edges.joints().filter_map(|Joint { edge, left, right }| {
            let ends = edge.map(|corner| self.points[corner as usize]);
            let normals = [left, right].map(|face| self.normal(self.triangles[face]));
            let along = (ends[1] - ends[0]).normalize_or_zero();
            // The normals of a notch turn towards each other: their cross product runs against the edge.
            let sine = -normals[0].cross(normals[1]).dot(along);
            // Of faces back to back only those of a slit turn towards each other; the others make a knife's edge.
            let is_notch = sine > NOTCH_SINE || (sine > 1e-9 && normals[0].dot(normals[1]) < -0.999);
            is_notch.then(|| {
                let angle = f64::atan2(sine.max(0.0), normals[0].dot(normals[1]));
                Notch { ends, normals, weight: (ends[1] - ends[0]).length() * angle }
            })
        });
        notches.collect()
    }
}
