//! A part's surface prepared for questions: facets with normals, points on them, and how many faces facets belong to.

use std::{
    collections::{BTreeMap, HashMap},
    sync::atomic::{AtomicBool, Ordering},
};

use parry3d_f64::math::Vector;

use crate::solid::Solid;

/// Lowest height of a triangle, mm. The normal of a flatter one is rounding noise, and it hides nothing.
const MIN_FACET_HEIGHT_MM: f64 = 1e-6;

/// Largest coordinate that can be a part's, mm; beyond it the arithmetic of rays is no longer exact enough.
const MAX_COORDINATE_MM: f64 = 1e7;

/// Facets of which the normals differ by less belong to one face. Curved faces come with facets of some 6°, and
/// chamfers meet their neighbours at 45°.
const SMOOTH_DEG: f64 = 15.0;

/// Vertices nearer than this are one, mm.
const WELD_MM: f64 = 1e-6;

/// Points of a triangle as weights of its corners: the middle and one towards each corner. They are irregular so that
/// a ray from one does not pass exactly through an edge of a symmetric part.
const SAMPLES: [[f64; 3]; 4] = [[0.34, 0.31, 0.35], [0.79, 0.11, 0.10], [0.09, 0.80, 0.11], [0.10, 0.12, 0.78]];

/// Points that a part is looked at from: each facet has one, and where facets are few and large up to four.
const SOUGHT_POINTS: usize = 400;

/// Passes of averaging normals over neighbours. Each leaves about a ninth of what alternating facets are off.
const SMOOTHING_PASSES: usize = 2;

/// Neighbours of which the cosine between the normals is less belong to a curved face.
const FLAT: f64 = 1.0 - 1e-6;

/// A triangle that has a normal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facet {
    /// Corners.
    pub corners: [Vector; 3],
    /// Outward unit normal.
    pub normal: Vector,
    /// Outward unit normal of the face that the facet stands for, as far as its neighbours tell. The facets of a cone
    /// alternate between leaning too much and too little, by up to a degree where they are short.
    pub facing: Vector,
    /// Whether that face is curved, so that the facets are only near it.
    pub is_curved: bool,
    /// Welded corners.
    vertices: [u32; 3],
    /// mm².
    area: f64,
}

impl Facet {
    fn new(corners: [Vector; 3]) -> Option<Self> {
        let [a, b, c] = corners;
        let cross = (b - a).cross(c - a);
        let twice_area = cross.length();
        let longest = (b - a).length().max((c - b).length()).max((a - c).length());
        let upright = twice_area.is_finite() && twice_area > longest * MIN_FACET_HEIGHT_MM;
        let normal = cross / twice_area;
        let area = twice_area / 2.0;
        upright.then_some(Self { corners, normal, facing: normal, is_curved: false, vertices: [0; 3], area })
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
    fn lowest(&self) -> f64 {
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
    /// Z of the lowest point, mm.
    pub floor: f64,
    /// Longer than any line through the part, mm.
    pub reach: f64,
    cancel: &'a AtomicBool,
}

impl<'a> Surface<'a> {
    /// The surface of `solid`; none when it has no triangle with an area, or figures that no part has. Where `cancel` is
    /// set, whatever is asked of it ends early and counts for nothing.
    pub fn of(solid: &Solid, cancel: &'a AtomicBool) -> Option<Self> {
        let usable = |corner: &[f64; 3]| corner.iter().all(|at| at.abs() <= MAX_COORDINATE_MM);
        let corner = |index: u32| solid.vertices_mm.get(index as usize).filter(|at| usable(at)).map(|at| vector(*at));
        let mut facets = Vec::with_capacity(solid.triangles.len());
        for &[a, b, c] in solid.triangles {
            let corners = [corner(a)?, corner(b)?, corner(c)?];
            facets.extend(Facet::new(corners));
        }
        let first = facets.first()?.corners[0];
        let corners = || facets.iter().flat_map(|facet: &Facet| facet.corners);
        let low = corners().fold(first, Vector::min);
        let high = corners().fold(first, Vector::max);
        let reach = (high - low).length() * 2.0 + 1.0;
        let floor = facets.iter().map(Facet::lowest).fold(f64::INFINITY, f64::min);
        smooth(&mut facets, cancel);
        Some(Self { facets, floor, reach, cancel })
    }

    /// True when nobody waits for an answer any more.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    /// How many points each facet is looked at from.
    pub fn points_per_facet(&self) -> usize {
        (SOUGHT_POINTS / self.facets.len().max(1)).clamp(1, SAMPLES.len())
    }

    /// To how many faces the facets with these (ascending) indices belong: neighbours with nearly the same normal are
    /// one face, so that a cylinder counts once, however finely it is cut up.
    pub fn count_faces(&self, chosen: &[usize]) -> u32 {
        let smooth = SMOOTH_DEG.to_radians().cos();
        let mut beside: HashMap<(u32, u32), usize> = HashMap::new();
        let mut parent: Vec<usize> = (0..chosen.len()).collect();
        let mut faces = chosen.len();
        for (place, &index) in chosen.iter().enumerate() {
            let facet = &self.facets[index];
            let [a, b, c] = facet.vertices;
            for (from, to) in [(a, b), (b, c), (c, a)] {
                let edge = (from.min(to), from.max(to));
                let Some(other) = beside.insert(edge, place) else { continue };
                if self.facets[chosen[other]].normal.dot(facet.normal) < smooth {
                    continue;
                }
                let (one, two) = (root(&mut parent, place), root(&mut parent, other));
                if one != two {
                    parent[one] = two;
                    faces -= 1;
                }
            }
        }
        faces as u32
    }
}

/// Facets around one corner up to which each looks at each. Meshes of real parts stay far below; where thousands meet,
/// at a degenerate point or because facets lie on each other, that would be quadratic.
const CROWDED: usize = 256;

/// Edge of the cells, as parts of a unit vector, in which the directions around a crowded corner are put together: 1.1°.
const CELL: f64 = 0.02;

/// Directions around a corner, with the areas that have them.
#[derive(Debug, Clone, Copy)]
struct Bundle {
    /// Sum of unit vectors, weighted with the areas.
    sum: Vector,
    /// One of them.
    first: Vector,
    /// Whether others differ from that one.
    is_mixed: bool,
}

impl Bundle {
    fn of(direction: Vector, area: f64) -> Self {
        Self { sum: direction * area, first: direction, is_mixed: false }
    }
}

/// The directions around each corner: each by itself, or put together where there are many.
fn bundles(around: &[Vec<usize>], facets: &[Facet]) -> Vec<Vec<Bundle>> {
    let of_corner = |corner: &Vec<usize>| {
        let directions = corner.iter().map(|&facet| (facets[facet].facing, facets[facet].area));
        if corner.len() <= CROWDED {
            return directions.map(|(direction, area)| Bundle::of(direction, area)).collect();
        }
        // In order, so that sums are the same each time.
        let mut cells: BTreeMap<[i32; 3], Bundle> = BTreeMap::new();
        for (direction, area) in directions {
            let cell = direction.to_array().map(|at| (at / CELL).round() as i32);
            let add = |bundle: &mut Bundle| {
                bundle.sum += direction * area;
                bundle.is_mixed |= bundle.first.dot(direction) < FLAT;
            };
            cells.entry(cell).and_modify(add).or_insert_with(|| Bundle::of(direction, area));
        }
        cells.into_values().collect()
    };
    around.iter().map(of_corner).collect()
}

/// Welds the corners and gives each facet the direction of its face.
fn smooth(facets: &mut [Facet], cancel: &AtomicBool) {
    let mut welded: HashMap<[i64; 3], u32> = HashMap::new();
    let mut around: Vec<Vec<usize>> = Vec::new();
    for (index, facet) in facets.iter_mut().enumerate() {
        facet.vertices = facet.corners.map(|corner| {
            let key = corner.to_array().map(|at| (at / WELD_MM).round() as i64);
            *welded.entry(key).or_insert_with(|| {
                around.push(Vec::new());
                around.len() as u32 - 1
            })
        });
        for vertex in facet.vertices {
            around[vertex as usize].push(index);
        }
    }
    let smooth = SMOOTH_DEG.to_radians().cos();
    for _ in 0..SMOOTHING_PASSES {
        let bundles = bundles(&around, facets);
        for facet in facets.iter_mut() {
            if cancel.load(Ordering::Relaxed) {
                return;
            }
            let own = facet.facing;
            let mut sum = Vector::ZERO;
            for bundle in facet.vertices.iter().flat_map(|vertex| &bundles[*vertex as usize]) {
                let likeness = own.dot(bundle.first);
                if likeness >= smooth {
                    sum += bundle.sum;
                    facet.is_curved |= bundle.is_mixed || likeness < FLAT;
                }
            }
            facet.facing = sum.try_normalize().unwrap_or(facet.normal);
        }
    }
}

/// The representative of a set, shortening the way to it.
fn root(parent: &mut [usize], mut at: usize) -> usize {
    while parent[at] != at {
        parent[at] = parent[parent[at]];
        at = parent[at];
    }
    at
}

/// As a vector.
fn vector(at: [f64; 3]) -> Vector {
    Vector::new(at[0], at[1], at[2])
}

#[cfg(test)]
mod tests {
    use contract::execution::BoundingBox;

    use super::*;

    /// Facets around one corner, like the sheets of a fan, each this many times.
    fn fan(sheets: u32, times: u32) -> (Vec<[f64; 3]>, Vec<[u32; 3]>) {
        let at = |sheet: u32| {
            let angle = f64::from(sheet) / f64::from(sheets) * std::f64::consts::TAU;
            [10.0 * angle.cos(), 10.0 * angle.sin(), 0.0]
        };
        let vertices = std::iter::once([0.0, 0.0, 2.0]).chain((0..sheets).map(at)).collect();
        let triangles = (0..sheets).flat_map(|sheet| (0..times).map(move |_| [0, sheet + 1, (sheet + 1) % sheets + 1]));
        (vertices, triangles.collect())
    }

    fn facings(vertices: &[[f64; 3]], triangles: &[[u32; 3]]) -> Vec<Vector> {
        let solid = Solid {
            volume_mm3: 1.0,
            area_mm2: 1.0,
            bounding_box: BoundingBox { min: [-10.0, -10.0, 0.0], max: [10.0, 10.0, 2.0] },
            solid_count: 1,
            is_valid: true,
            is_watertight: true,
            vertices_mm: vertices,
            triangles,
            internal_corners: &[],
        };
        let cancel = AtomicBool::new(false);
        let surface = Surface::of(&solid, &cancel).expect("it has facets");
        surface.facets.iter().map(|facet| facet.facing).collect()
    }

    #[test]
    fn crowded_corners_give_the_directions_of_sparse_ones() {
        // The sparse fan looks at each neighbour, the crowded ones put directions together within 0.02 of each other:
        // averages of what lies within 15° then differ by less than that.
        let (vertices, triangles) = fan(CROWDED as u32 / 2, 1);
        let exact = facings(&vertices, &triangles);
        let (vertices, triangles) = fan(CROWDED as u32 / 2, 20);
        let crowded = facings(&vertices, &triangles);
        for (one, many) in exact.iter().zip(crowded.iter().step_by(20)) {
            assert!((*one - *many).length() < CELL, "{one:?} {many:?}");
        }
    }

    #[test]
    fn facets_on_each_other_cost_no_more_than_others() {
        // Each looking at each, 200 000 facets take minutes; as a bundle they take less than a second.
        let (vertices, triangles) = fan(4, 50_000);
        let begun = std::time::Instant::now();
        assert_eq!(facings(&vertices, &triangles).len(), 200_000);
        assert!(begun.elapsed().as_secs_f64() < 20.0, "it took {:?}", begun.elapsed());
    }

    #[test]
    fn cancelled_surface_ends_at_once() {
        let cube = crate::sample_solids::SampleSolid::cuboid([10.0; 3]);
        let surface = Surface::of(&cube.view(), &AtomicBool::new(true)).map(|surface| surface.is_cancelled());
        assert_eq!(surface, Some(true));
    }
}
