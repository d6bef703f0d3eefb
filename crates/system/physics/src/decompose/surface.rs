//! A closed triangle surface with shared corners, and its properties.

use std::collections::HashMap;

use geometry::{Groups, Welded};
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
        let mut owner = HashMap::new();
        for (index, [a, b, c]) in self.triangles.iter().enumerate() {
            for edge in [[*a, *b], [*b, *c], [*c, *a]] {
                owner.insert(edge, index);
            }
        }
        let neighbours: Vec<[usize; 2]> =
            owner.iter().filter_map(|([from, to], one)| Some([*one, *owner.get(&[*to, *from])?])).collect();
        let mut flat = Groups::of_single(self.triangles.len());
        for [one, other] in &neighbours {
            if normals[*one].dot(normals[*other]) > 1.0 - COPLANAR {
                flat.join(*one, *other);
            }
        }
        let group = flat.all_firsts();
        let mut area = vec![0.0; group.len()];
        for (index, triangle) in self.triangles.iter().enumerate() {
            let [a, b, c] = self.corners(*triangle);
            area[group[index]] += (b - a).cross(c - a).length() / 2.0;
        }
        let mut largest_beside = vec![0.0_f64; group.len()];
        for [one, other] in neighbours {
            let (here, there) = (group[one], group[other]);
            if here != there && normals[one].dot(normals[other]) > SMOOTH_RAD.cos() {
                largest_beside[here] = largest_beside[here].max(area[there]);
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

    /// Volume by the divergence theorem, about the first corner; negative for the wall of a void.
    pub fn volume(&self) -> f64 {
        let Some(origin) = self.points.first().copied() else { return 0.0 };
        let six = self.triangles.iter().map(|triangle| {
            let [a, b, c] = self.corners(*triangle).map(|corner| corner - origin);
            a.dot(b.cross(c))
        });
        six.sum::<f64>() / 6.0
    }

    /// Volume over half of the area, mm; for a sheet this is its thickness.
    pub fn mean_thickness(&self) -> f64 {
        let doubled = self.triangles.iter().map(|triangle| {
            let [a, b, c] = self.corners(*triangle);
            (b - a).cross(c - a).length()
        });
        4.0 * self.volume() / doubled.sum::<f64>()
    }

    /// Directed edges that no neighbour runs back along: none, for a closed surface.
    pub fn open_edges(&self) -> Vec<[u32; 2]> {
        let mut count: HashMap<[u32; 2], i32> = HashMap::new();
        for [a, b, c] in &self.triangles {
            for [from, to] in [[a, b], [b, c], [c, a]] {
                *count.entry([*from.min(to), *from.max(to)]).or_default() += if from < to { 1 } else { -1 };
            }
        }
        let mut open = Vec::new();
        for ([low, high], count) in count {
            let edge = if count > 0 { [low, high] } else { [high, low] };
            open.extend(std::iter::repeat_n(edge, count.unsigned_abs() as usize));
        }
        open.sort_unstable();
        open
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
            let around = solids.iter_mut().filter(|(_, solid)| solid.winds_about(point));
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

    /// True for a point that the surface encloses: the triangles' solid angles make a whole turn (Van Oosterom and
    /// Strackee 1983).
    fn winds_about(&self, point: Vector) -> bool {
        let half_angles = self.triangles.iter().map(|triangle| {
            let [a, b, c] = self.corners(*triangle).map(|corner| corner - point);
            let [la, lb, lc] = [a.length(), b.length(), c.length()];
            let across = la * lb * lc + a.dot(b) * lc + b.dot(c) * la + c.dot(a) * lb;
            f64::atan2(a.dot(b.cross(c)), across)
        });
        half_angles.sum::<f64>() > std::f64::consts::PI
    }

    /// The parts of the surface of which no two share an edge.
    fn shells(self) -> Vec<Self> {
        let mut connected = Groups::of_single(self.triangles.len());
        let mut owner: HashMap<[u32; 2], usize> = HashMap::new();
        for (index, [a, b, c]) in self.triangles.iter().enumerate() {
            for [from, to] in [[a, b], [b, c], [c, a]] {
                let other = *owner.entry([*from.min(to), *from.max(to)]).or_insert(index);
                connected.join(index, other);
            }
        }
        let mut solids: Vec<(usize, Self, HashMap<u32, u32>)> = Vec::new();
        let mut place = HashMap::new();
        for (index, triangle) in self.triangles.iter().enumerate() {
            let root = connected.first_of(index);
            let slot = *place.entry(root).or_insert_with(|| {
                solids.push((root, Self::default(), HashMap::new()));
                solids.len() - 1
            });
            let (_, solid, renamed) = &mut solids[slot];
            let corners = triangle.map(|corner| {
                *renamed.entry(corner).or_insert_with(|| {
                    solid.points.push(self.points[corner as usize]);
                    solid.points.len() as u32 - 1
                })
            });
            solid.triangles.push(corners);
            solid.kinds.push(self.kinds[index]);
        }
        solids.into_iter().map(|(_, solid, _)| solid).collect()
    }

    /// Every edge where the solid is wider than half a turn.
    pub fn notches(&self) -> Vec<Notch> {
        let mut sides: HashMap<[u32; 2], usize> = HashMap::new();
        for (index, [a, b, c]) in self.triangles.iter().enumerate() {
            for edge in [[*a, *b], [*b, *c], [*c, *a]] {
                sides.insert(edge, index);
            }
        }
        let mut notches = Vec::new();
        for (index, [a, b, c]) in self.triangles.iter().enumerate() {
            for [from, to] in [[*a, *b], [*b, *c], [*c, *a]] {
                let Some(other) = sides.get(&[to, from]).copied().filter(|_| from < to) else { continue };
                let ends = [from, to].map(|corner| self.points[corner as usize]);
                let normals = [index, other].map(|face| self.normal(self.triangles[face]));
                let along = (ends[1] - ends[0]).normalize_or_zero();
                // The normals of a notch turn towards each other: their cross product runs against the edge.
                let sine = -normals[0].cross(normals[1]).dot(along);
                // Of faces back to back only those of a slit turn towards each other; the others make a knife's edge.
                if sine > NOTCH_SINE || (sine > 1e-9 && normals[0].dot(normals[1]) < -0.999) {
                    let angle = f64::atan2(sine.max(0.0), normals[0].dot(normals[1]));
                    notches.push(Notch { ends, normals, weight: (ends[1] - ends[0]).length() * angle });
                }
            }
        }
        notches
    }
}
