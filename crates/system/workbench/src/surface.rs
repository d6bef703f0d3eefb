//! A part's surface prepared for questions: facets with normals, points on them, and how many faces facets belong to.

use std::collections::HashMap;

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
pub(crate) struct Surface {
    /// Facets.
    pub facets: Vec<Facet>,
    /// Z of the lowest point, mm.
    pub floor: f64,
    /// Longer than any line through the part, mm.
    pub reach: f64,
}

impl Surface {
    /// The surface of `solid`; none when it has no triangle with an area, or figures that no part has.
    pub fn of(solid: &Solid) -> Option<Self> {
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
        smooth(&mut facets);
        Some(Self { facets, floor, reach })
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

/// Welds the corners and gives each facet the direction of its face.
fn smooth(facets: &mut [Facet]) {
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
        let directions: Vec<Vector> = facets.iter().map(|facet| facet.facing).collect();
        let weights: Vec<f64> = facets.iter().map(|facet| facet.area).collect();
        for (index, facet) in facets.iter_mut().enumerate() {
            let mut sum = Vector::ZERO;
            for &neighbour in facet.vertices.iter().flat_map(|vertex| &around[*vertex as usize]) {
                let likeness = directions[index].dot(directions[neighbour]);
                if likeness >= smooth {
                    sum += directions[neighbour] * weights[neighbour];
                    facet.is_curved |= likeness < FLAT;
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
