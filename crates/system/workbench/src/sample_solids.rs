//! Solids that tests make by hand: prisms and cups with volumes and surfaces in closed form.

use contract::execution::BoundingBox;
use design::{Face, InternalCorner};
use geometry::vector::{cross, dot, minus};

use crate::solid::Solid;

/// A solid that owns its mesh.
#[derive(Debug, Clone, Default)]
pub(crate) struct SampleSolid {
    pub vertices: Vec<[f64; 3]>,
    pub triangles: Vec<[u32; 3]>,
    /// Empty where the triangles are the faces.
    pub normals: Vec<[[f32; 3]; 3]>,
    pub faces: Vec<Face>,
    pub corners: Vec<InternalCorner>,
}

impl SampleSolid {
    /// A block with a corner at the origin.
    pub fn cuboid([x, y, z]: [f64; 3]) -> Self {
        extruded_xz(&[[0.0, 0.0], [x, 0.0], [x, z], [0.0, z]], y)
    }

    pub fn moved(mut self, by: [f64; 3]) -> Self {
        for vertex in &mut self.vertices {
            *vertex = std::array::from_fn(|axis| vertex[axis] + by[axis]);
        }
        for face in &mut self.faces {
            face.center_mm = std::array::from_fn(|axis| face.center_mm[axis] + by[axis]);
        }
        self
    }

    pub fn turned_about_z(mut self, angle: f64) -> Self {
        let (sin, cos) = angle.sin_cos();
        for vertex in &mut self.vertices {
            let [x, y, z] = *vertex;
            *vertex = [x * cos - y * sin, x * sin + y * cos, z];
        }
        for normal in self.normals.iter_mut().flatten() {
            let [x, y, z] = normal.map(f64::from);
            *normal = [x * cos - y * sin, x * sin + y * cos, z].map(|component| component as f32);
        }
        self
    }

    /// The same with a closed hollow inside.
    pub fn with_void(mut self, void: Self) -> Self {
        let first = self.vertices.len() as u32;
        self.vertices.extend(void.vertices);
        self.triangles.extend(void.triangles.into_iter().map(|[a, b, c]| [first + a, first + c, first + b]));
        self
    }

    /// Turned about x; normals as well.
    pub fn turned_about_x(mut self, angle: f64) -> Self {
        let (sin, cos) = angle.sin_cos();
        for vertex in &mut self.vertices {
            let [x, y, z] = *vertex;
            *vertex = [x, y * cos - z * sin, y * sin + z * cos];
        }
        for normal in self.normals.iter_mut().flatten() {
            let [x, y, z] = normal.map(f64::from);
            *normal = [x, y * cos - z * sin, y * sin + z * cos].map(|component| component as f32);
        }
        self
    }

    /// The same shape with each triangle cut into four, this many times.
    pub fn refined(mut self, times: u32) -> Self {
        for _ in 0..times {
            for triangle in std::mem::take(&mut self.triangles) {
                let first = self.vertices.len() as u32;
                for (from, to) in [(0, 1), (1, 2), (2, 0)] {
                    let [a, b] = [triangle[from], triangle[to]].map(|index| self.vertices[index as usize]);
                    self.vertices.push(std::array::from_fn(|axis| f64::midpoint(a[axis], b[axis])));
                }
                let [a, b, c] = triangle;
                let [ab, bc, ca] = [first, first + 1, first + 2];
                self.triangles.extend([[a, ab, ca], [ab, b, bc], [ca, bc, c], [ab, bc, ca]]);
            }
        }
        self
    }

    /// Each triangle is a face of its own.
    fn with_triangles_as_faces(mut self) -> Self {
        let face = |triangle: &[u32; 3]| {
            let [a, b, c] = triangle.map(|index| self.vertices[index as usize]);
            let normal = cross(minus(b, a), minus(c, a));
            let center_mm = std::array::from_fn(|axis| (a[axis] + b[axis] + c[axis]) / 3.0);
            Face { area_mm2: dot(normal, normal).sqrt() / 2.0, center_mm }
        };
        self.faces = self.triangles.iter().map(face).collect();
        self
    }

    /// As a caller passes it; volume and surface are sums over the triangles.
    pub fn view(&self) -> Solid<'_> {
        let mut bounds = BoundingBox { min: [f64::INFINITY; 3], max: [f64::NEG_INFINITY; 3] };
        for vertex in &self.vertices {
            for (axis, at) in vertex.iter().enumerate() {
                bounds.min[axis] = bounds.min[axis].min(*at);
                bounds.max[axis] = bounds.max[axis].max(*at);
            }
        }
        let (mut volume, mut area) = (0.0, 0.0);
        for triangle in &self.triangles {
            let [a, b, c] = triangle.map(|index| self.vertices[index as usize]);
            let normal = cross(minus(b, a), minus(c, a));
            area += dot(normal, normal).sqrt() / 2.0;
            volume += dot(minus(a, self.vertices[0]), normal) / 6.0;
        }
        assert!(volume > 0.0, "the triangles must turn outwards");
        Solid {
            volume_mm3: volume,
            area_mm2: area,
            bounding_box: bounds,
            solid_count: 1,
            is_valid: true,
            is_watertight: true,
            vertices_mm: &self.vertices,
            triangles: &self.triangles,
            normals: &self.normals,
            faces: &self.faces,
            internal_corners: &self.corners,
        }
    }

    /// Two triangles; the corners counter-clockwise seen from outside.
    fn quad(&mut self, corners: [u32; 4]) {
        let [a, b, c, d] = corners;
        self.triangles.extend([[a, b, c], [a, c, d]]);
    }
}

/// A prism along y from y = 0: an outline in x and z, counter-clockwise seen from −y.
pub(crate) fn extruded_xz(outline: &[[f64; 2]], depth: f64) -> SampleSolid {
    let count = outline.len() as u32;
    let ring = |y: f64| outline.iter().map(move |[x, z]| [*x, y, *z]);
    let mut solid = SampleSolid { vertices: ring(0.0).chain(ring(depth)).collect(), ..Default::default() };
    for at in 0..count {
        let next = (at + 1) % count;
        solid.quad([at, at + count, next + count, next]);
    }
    for [a, b, c] in ears(outline) {
        solid.triangles.push([a, b, c]);
        solid.triangles.push([a + count, c + count, b + count]);
    }
    solid.with_triangles_as_faces()
}

/// A square cup, 30 mm wide outside at its base and 20 mm high, with walls and a floor of `wall` mm (measured level)
/// that open by `draft_deg` upwards.
pub(crate) fn cup(wall: f64, draft_deg: f64) -> SampleSolid {
    const HALF_WIDTH: f64 = 15.0;
    const HEIGHT: f64 = 20.0;
    let slope = draft_deg.to_radians().tan();
    let square = |half: f64, z: f64| [[-half, -half, z], [half, -half, z], [half, half, z], [-half, half, z]];
    let outer = |z: f64| HALF_WIDTH + z * slope;
    let rings = [
        square(outer(0.0), 0.0),
        square(outer(HEIGHT), HEIGHT),
        square(outer(HEIGHT) - wall, HEIGHT),
        square(outer(wall) - wall, wall),
    ];
    let mut solid = SampleSolid { vertices: rings.concat(), ..Default::default() };
    solid.quad([0, 3, 2, 1]);
    for ring in 0..3 {
        for at in 0..4 {
            let next = (at + 1) % 4;
            let (low, high) = (ring * 4, ring * 4 + 4);
            solid.quad([low + at, low + next, high + next, high + at]);
        }
    }
    solid.quad([12, 13, 14, 15]);
    solid
}

/// A round cup like [`cup`], of 30 segments. Its rings are turned by half a segment against each other, so that the
/// triangles of a wall lean too much and too little in turns, as those of a CAD kernel do.
pub(crate) fn round_cup(wall: f64, draft_deg: f64) -> SampleSolid {
    const SEGMENTS: u32 = 30;
    const RADIUS: f64 = 15.0;
    const HEIGHT: f64 = 20.0;
    let slope = draft_deg.to_radians().tan();
    let ring = |radius: f64, z: f64, turn: f64| {
        (0..SEGMENTS).map(move |at| {
            let angle = (f64::from(at) + turn) * std::f64::consts::TAU / f64::from(SEGMENTS);
            [radius * angle.cos(), radius * angle.sin(), z]
        })
    };
    let outer = |z: f64| RADIUS + z * slope;
    let rings = ring(outer(0.0), 0.0, 0.0)
        .chain(ring(outer(HEIGHT), HEIGHT, 0.5))
        .chain(ring(outer(HEIGHT) - wall, HEIGHT, 0.0))
        .chain(ring(outer(wall) - wall, wall, 0.5));
    let mut solid = SampleSolid { vertices: rings.collect(), ..Default::default() };
    for level in 0..3 {
        let (low, high) = (level * SEGMENTS, level * SEGMENTS + SEGMENTS);
        // The ring above is half a segment ahead, or half a segment behind.
        let ahead = u32::from(level == 1);
        for at in 0..SEGMENTS {
            let next = (at + 1) % SEGMENTS;
            let above = [(at + ahead) % SEGMENTS, (next + ahead) % SEGMENTS];
            solid.triangles.push([low + at, low + next, high + above[0]]);
            solid.triangles.push([low + next, high + above[1], high + above[0]]);
        }
    }
    for at in 1..SEGMENTS - 1 {
        solid.triangles.push([0, at + 1, at]);
        solid.triangles.push([3 * SEGMENTS, 3 * SEGMENTS + at, 3 * SEGMENTS + at + 1]);
    }
    // Outside, inside and flat, as `level` 0, 2 and the rest have them.
    let (sin, cos) = draft_deg.to_radians().sin_cos();
    let normal = |place: usize, corner: u32| -> [f32; 3] {
        let [x, y, _] = solid.vertices[corner as usize];
        let radius = x.hypot(y);
        let sense = match place / (2 * SEGMENTS as usize) {
            0 => 1.0,
            2 => -1.0,
            1 => return [0.0, 0.0, 1.0],
            _ => return [0.0, 0.0, if place.is_multiple_of(2) { -1.0 } else { 1.0 }],
        };
        [x / radius * cos * sense, y / radius * cos * sense, -sin * sense].map(|component| component as f32)
    };
    let normals = solid.triangles.iter().enumerate();
    solid.normals = normals.map(|(place, corners)| corners.map(|corner| normal(place, corner))).collect();
    solid
}

/// A round rod along z from z = 0, of 25 facets with the normals of the cylinder. An odd number, so that the corners
/// alone reach less far to one side.
pub(crate) fn rod(radius: f64, height: f64) -> SampleSolid {
    const SEGMENTS: u32 = 25;
    let normal = |at: u32| {
        let angle = (f64::from(at) + 0.3) * std::f64::consts::TAU / f64::from(SEGMENTS);
        [angle.cos(), angle.sin(), 0.0]
    };
    let ring = |z: f64| (0..SEGMENTS).map(normal).map(move |[x, y, _]| [radius * x, radius * y, z]);
    let mut solid = SampleSolid { vertices: ring(0.0).chain(ring(height)).collect(), ..Default::default() };
    for at in 0..SEGMENTS {
        let next = (at + 1) % SEGMENTS;
        solid.quad([at, next, next + SEGMENTS, at + SEGMENTS]);
        let [from, to] = [at, next].map(|at| normal(at).map(|component| component as f32));
        solid.normals.extend([[from, to, to], [from, to, from]]);
    }
    for at in 1..SEGMENTS - 1 {
        solid.triangles.push([0, at + 1, at]);
        solid.triangles.push([SEGMENTS, SEGMENTS + at, SEGMENTS + at + 1]);
        solid.normals.extend([[[0.0, 0.0, -1.0]; 3], [[0.0, 0.0, 1.0]; 3]]);
    }
    solid
}

/// A round block of 20 mm diameter and 10 mm height with a round pocket from above, 6 mm deep, and in it a boss, unless
/// its radius is 0. All walls are of 40 facets and have the normals of their cylinders.
pub(crate) fn ring_pocket(boss_radius: f64, pocket_radius: f64) -> SampleSolid {
    const SEGMENTS: u32 = 40;
    let normal = |at: u32| {
        let angle = f64::from(at) * std::f64::consts::TAU / f64::from(SEGMENTS);
        [angle.cos(), angle.sin(), 0.0]
    };
    // From the middle of the base outwards, up, and back to the middle.
    let (outer, top, floor) = (10.0, 10.0, 4.0);
    let mut rings = vec![(0.0, 0.0), (outer, 0.0), (outer, top), (pocket_radius, top), (pocket_radius, floor)];
    if boss_radius > 0.0 {
        rings.extend([(boss_radius, floor), (boss_radius, top), (0.0, top)]);
    } else {
        rings.push((0.0, floor));
    }
    let mut solid = SampleSolid::default();
    for &(radius, z) in &rings {
        solid.vertices.extend((0..SEGMENTS).map(normal).map(|[x, y, _]| [radius * x, radius * y, z]));
    }
    for (level, pair) in rings.windows(2).enumerate() {
        let [(from_radius, from_z), (to_radius, to_z)] = [pair[0], pair[1]];
        let (from, to) = (level as u32 * SEGMENTS, (level as u32 + 1) * SEGMENTS);
        let is_wall = from_radius == to_radius;
        for at in 0..SEGMENTS {
            let next = (at + 1) % SEGMENTS;
            let sense = if is_wall { (to_z - from_z).signum() } else { 0.0 };
            let upwards = if is_wall { 0.0 } else { (from_radius - to_radius).signum() };
            let [here, there] = [at, next].map(|at| {
                let [x, y, _] = normal(at);
                [sense * x, sense * y, upwards].map(|component| component as f32)
            });
            // A ring of radius 0 is a point, to which one triangle leads.
            if from_radius > 0.0 {
                solid.triangles.push([from + at, from + next, to + at]);
                solid.normals.push([here, there, here]);
            }
            if to_radius > 0.0 {
                solid.triangles.push([from + next, to + next, to + at]);
                solid.normals.push([there, there, here]);
            }
        }
    }
    solid
}

/// Triangles of a simple polygon, counter-clockwise, by cutting off ears.
fn ears(outline: &[[f64; 2]]) -> Vec<[u32; 3]> {
    let turn = |a: [f64; 2], b: [f64; 2], c: [f64; 2]| (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
    let mut left: Vec<usize> = (0..outline.len()).collect();
    let mut triangles = Vec::new();
    while left.len() > 2 {
        let count = left.len();
        let is_ear = |at: &usize| {
            let [a, b, c] = [left[(at + count - 1) % count], left[*at], left[(at + 1) % count]];
            let [pa, pb, pc] = [a, b, c].map(|index| outline[index]);
            let inside = |index: &usize| {
                let point = outline[*index];
                ![a, b, c].contains(index)
                    && turn(pa, pb, point) >= 0.0
                    && turn(pb, pc, point) >= 0.0
                    && turn(pc, pa, point) >= 0.0
            };
            turn(pa, pb, pc) > 0.0 && !left.iter().any(inside)
        };
        let ear = (0..count).find(is_ear).expect("a simple polygon has an ear");
        triangles.push([(ear + count - 1) % count, ear, (ear + 1) % count].map(|at| left[at] as u32));
        left.remove(ear);
    }
    triangles
}
