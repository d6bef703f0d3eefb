//! Meshes of everyday shapes, millimetres: made ring by ring, closed, counter-clockwise seen from outside.

use std::f64::consts::{PI, TAU};

use physics::Geometry;

/// Facets of a round, as CAD tessellates it: 0.1 rad each.
pub const FACETS: u32 = 63;

/// A point.
type Point = [f64; 3];

/// A mesh from rings of equally many points each; every ring is joined to the next, and the first and the last are
/// closed by a fan about a pole each. Seen from above, rings run counter-clockwise, and the first is that from which the
/// surface goes outwards.
pub fn lofted(rings: &[Vec<Point>], poles: [Point; 2]) -> Geometry {
    let count = rings[0].len() as u32;
    let mut vertices: Vec<Point> = rings.concat();
    let mut triangles = Vec::new();
    for ring in 0..rings.len() as u32 - 1 {
        for i in 0..count {
            let j = (i + 1) % count;
            triangles.extend(cell([ring * count, (ring + 1) * count], [i, j]));
        }
    }
    for (ring, pole, is_first) in [(0, poles[0], true), (rings.len() as u32 - 1, poles[1], false)] {
        let center = vertices.len() as u32;
        vertices.push(pole);
        for i in 0..count {
            let [here, next] = [ring * count + i, ring * count + (i + 1) % count];
            triangles.push(if is_first { [center, next, here] } else { [center, here, next] });
        }
    }
    Geometry::Mesh { vertices, triangles }
}

/// A body of revolution about z by an open profile of (radius, z), the solid to its left. An end that is not on the axis
/// is closed flat.
pub fn turned(profile: &[[f64; 2]], facets: u32) -> Geometry {
    let is_on_axis = |[radius, _]: &&[f64; 2]| *radius < 1e-9;
    let rings = profile.iter().filter(|point| !is_on_axis(point)).map(|[radius, z]| circle(*radius, *z, facets));
    let poles = [profile[0], profile[profile.len() - 1]].map(|[_, z]| [0.0, 0.0, z]);
    lofted(&rings.collect::<Vec<_>>(), poles)
}

fn circle(radius: f64, z: f64, facets: u32) -> Vec<Point> {
    (0..facets)
        .map(|i| (f64::from(i) / f64::from(facets) * TAU).sin_cos())
        .map(|(sin, cos)| [radius * cos, radius * sin, z])
        .collect()
}

/// Points of an arc about a centre from one angle to another, rad, in steps of a facet at most.
fn arc(center: [f64; 2], radius: f64, from: f64, to: f64) -> Vec<[f64; 2]> {
    let steps = ((to - from).abs() / (TAU / f64::from(FACETS))).ceil().max(1.0) as u32;
    (0..=steps)
        .map(|step| from + (to - from) * f64::from(step) / f64::from(steps))
        .map(|angle| [center[0] + radius * angle.cos(), center[1] + radius * angle.sin()])
        .collect()
}

/// A ball.
pub fn ball_mesh(radius: f64, center: Point) -> Geometry {
    let mesh = turned(&arc([0.0, 0.0], radius, -PI / 2.0, PI / 2.0), FACETS);
    placed(mesh, |point| std::array::from_fn(|axis| point[axis] + center[axis]))
}

/// An upright cylinder, or with few facets a prism, that stands on z = 0.
pub fn cylinder_mesh(radius: f64, height: f64, facets: u32) -> Geometry {
    turned(&[[radius, 0.0], [radius, height]], facets)
}

/// A tube about z, halfway below and above z = 0: outer and inner radius, height.
pub fn hollow_cylinder(outer: f64, inner: f64, height: f64) -> Geometry {
    let half = height / 2.0;
    closed_ring(&[[inner, -half], [outer, -half], [outer, half], [inner, half]], FACETS)
}

/// A cup that stands on z = 0: outer diameter and height, wall, fillet between floor and wall inside; the floor is as
/// thick as the wall. Without a fillet the corner is sharp.
pub fn cup(diameter: f64, height: f64, wall: f64, fillet: f64) -> Geometry {
    let (outer, inner) = (diameter / 2.0, diameter / 2.0 - wall);
    let mut profile = vec![[outer, 0.0], [outer, height], [inner, height]];
    if fillet > 0.0 {
        profile.extend(arc([inner - fillet, wall + fillet], fillet, 0.0, -PI / 2.0));
    } else {
        profile.push([inner, wall]);
    }
    turned(&profile, FACETS)
}

/// A funnel that stands on z = 0, open at both ends: radius at the top and of the spout, wall. The cone is as high as it
/// narrows, the spout 30 mm long.
pub fn funnel(top: f64, spout: f64, wall: f64) -> Geometry {
    let height = 30.0 + top - spout;
    let outside = [[spout + wall, 0.0], [spout + wall, 30.0], [top + wall, height]];
    let inside = [[top, height], [spout, 30.0], [spout, 0.0]];
    closed_ring(&[outside, inside].concat(), FACETS)
}

/// A body of revolution about z by a closed profile of (radius, z) away from the axis, counter-clockwise with the radius
/// to the right.
fn closed_ring(profile: &[[f64; 2]], facets: u32) -> Geometry {
    let rings: Vec<Vec<Point>> = profile.iter().map(|[radius, z]| circle(*radius, *z, facets)).collect();
    ring_of_rings(&rings)
}

/// Two triangles between the points `i` and `j` of two rings that begin at the given vertices.
fn cell([this, next]: [u32; 2], [i, j]: [u32; 2]) -> [[u32; 3]; 2] {
    [[this + i, this + j, next + j], [this + i, next + j, next + i]]
}

/// A mesh from rings of equally many points each, of which the last is joined to the first.
fn ring_of_rings(rings: &[Vec<Point>]) -> Geometry {
    let (count, points) = (rings.len() as u32, rings[0].len() as u32);
    let mut triangles = Vec::new();
    for place in 0..count {
        let next = (place + 1) % count;
        for i in 0..points {
            let j = (i + 1) % points;
            triangles.extend(cell([place * points, next * points], [i, j]));
        }
    }
    Geometry::Mesh { vertices: rings.concat(), triangles }
}

/// A U-shaped channel along x on z = 0, open at both ends and at the top: inside width and height, wall, length.
pub fn channel(width: f64, height: f64, wall: f64, length: f64) -> Geometry {
    let (inner, outer, top) = (width / 2.0, width / 2.0 + wall, height + wall);
    let section = [
        [-outer, 0.0],
        [outer, 0.0],
        [outer, top],
        [inner, top],
        [inner, wall],
        [-inner, wall],
        [-inner, top],
        [-outer, top],
    ];
    let vertices = [-length / 2.0, length / 2.0].iter().flat_map(|x| section.map(|[y, z]| [*x, y, z])).collect();
    let mut triangles: Vec<[u32; 3]> = (0..8)
        .flat_map(|i| {
            let j = (i + 1) % 8;
            [[i, j, 8 + j], [i, 8 + j, 8 + i]]
        })
        .collect();
    for [a, b, c] in [[0, 1, 4], [0, 4, 5], [1, 2, 3], [1, 3, 4], [0, 5, 6], [0, 6, 7]] {
        triangles.extend([[a, c, b], [8 + a, 8 + b, 8 + c]]);
    }
    Geometry::Mesh { vertices, triangles }
}

/// Half a hollow ball, open at the top: inner radius and wall. Its lowest point outside is at z = 0.
pub fn bowl(radius: f64, wall: f64) -> Geometry {
    let rim = radius + wall;
    let outside = arc([0.0, rim], rim, -PI / 2.0, 0.0);
    let inside = arc([0.0, rim], radius, 0.0, -PI / 2.0);
    turned(&[outside, inside].concat(), FACETS)
}

/// A block with a rectangular pocket: outer length, width and height, wall and floor, radius of the pocket's corners
/// and of its floor's fillet. It stands on z = 0.
pub fn tray(size: Point, wall: f64, fillet: f64) -> Geometry {
    let [length, width, height] = size;
    // A rectangle with rounded corners, so many points a corner.
    let rounded = |inset: f64, radius: f64, z: f64| -> Vec<Point> {
        let (x, y) = (length / 2.0 - inset - radius, width / 2.0 - inset - radius);
        [(x, y, 0.0), (-x, y, PI / 2.0), (-x, -y, PI), (x, -y, 1.5 * PI)]
            .iter()
            .flat_map(|(x, y, from)| {
                (0..=16).map(move |step| {
                    let (sin, cos) = (from + f64::from(step) / 16.0 * PI / 2.0).sin_cos();
                    [x + radius * cos, y + radius * sin, z]
                })
            })
            .collect()
    };
    // Outside the corners are nearly sharp.
    let mut rings = vec![rounded(0.0, 0.01, 0.0), rounded(0.0, 0.01, height), rounded(wall, fillet, height)];
    for step in 0..=16 {
        let (sin, cos) = (f64::from(step) / 16.0 * PI / 2.0).sin_cos();
        // The corner's radius shrinks with the inset, down to a point.
        let inset = fillet * (1.0 - cos);
        rings.push(rounded(wall + inset, (fillet - inset).max(0.001), wall + fillet - fillet * sin));
    }
    lofted(&rings, [[0.0, 0.0, 0.0], [0.0, 0.0, wall]])
}

/// A square plate from z = 0 up, with n by n round holes; the triangulation is a grid of cells with a hole each.
pub fn perforated(side: f64, thickness: f64, count: u32, diameter: f64) -> Geometry {
    const STEPS: u32 = 16;
    let cell = side / f64::from(count);
    let mut vertices = Vec::new();
    let mut triangles = Vec::new();
    for row in 0..count {
        for column in 0..count {
            let middle = [column, row].map(|place| (f64::from(place) + 0.5) * cell - side / 2.0);
            let points = 4 * STEPS;
            let first = vertices.len() as u32;
            for (height, is_square) in [(0.0, true), (0.0, false), (thickness, true), (thickness, false)] {
                for step in 0..points {
                    let (sin, cos) = (f64::from(step) / f64::from(points) * TAU).sin_cos();
                    // A point of the square lies where its direction meets the edge.
                    let reach = if is_square { cell / 2.0 / sin.abs().max(cos.abs()) } else { diameter / 2.0 };
                    vertices.push([middle[0] + reach * cos, middle[1] + reach * sin, height]);
                }
            }
            let edge = f64::from(count - 1);
            for i in 0..points {
                let j = (i + 1) % points;
                let at = |ring: u32, step: u32| first + ring * points + step;
                let mut quad = |a: u32, b: u32, c: u32, d: u32| triangles.extend([[a, b, c], [a, c, d]]);
                quad(at(0, j), at(0, i), at(1, i), at(1, j));
                quad(at(2, i), at(2, j), at(3, j), at(3, i));
                quad(at(1, j), at(1, i), at(3, i), at(3, j));
                // The plate's own sides: of cells at its edge, the steps that look outwards.
                let angle = (f64::from(i) + 0.5) / f64::from(points) * TAU;
                let (sin, cos) = angle.sin_cos();
                let (row, column) = (f64::from(row), f64::from(column));
                let is_side = if cos.abs() > sin.abs() {
                    (cos > 0.0 && column == edge) || (cos < 0.0 && column == 0.0)
                } else {
                    (sin > 0.0 && row == edge) || (sin < 0.0 && row == 0.0)
                };
                if is_side {
                    quad(at(0, i), at(0, j), at(2, j), at(2, i));
                }
            }
        }
    }
    Geometry::Mesh { vertices, triangles }
}

/// A quarter bend of a pipe in the plane y = 0 about the origin, from below the x axis round to the z axis: radius of
/// the bend, bore, wall. Its ends look down at (bend, 0, 0) and towards -x at (0, 0, bend).
pub fn elbow(bend: f64, bore: f64, wall: f64) -> Geometry {
    let steps = 16;
    let ring = |radius: f64, step: u32| -> Vec<Point> {
        let (along_sin, along_cos) = (f64::from(step) / f64::from(steps) * PI / 2.0).sin_cos();
        circle(radius, 0.0, FACETS)
            .into_iter()
            .map(|[across, y, _]| [(bend + across) * along_cos, y, (bend + across) * along_sin])
            .collect()
    };
    let outer = bore / 2.0 + wall;
    // Out along the outside and back along the bore.
    let outside = (0..=steps).map(|step| ring(outer, step));
    let rings: Vec<Vec<Point>> = outside.chain((0..=steps).rev().map(|step| ring(bore / 2.0, step))).collect();
    ring_of_rings(&rings)
}

/// A closed box that stands on z = 0, hollow inside: edge and wall.
pub fn hollow_box(edge: f64, wall: f64) -> Geometry {
    let quads = [[0_u32, 4, 6, 2], [1, 3, 7, 5], [0, 1, 5, 4], [2, 6, 7, 3], [0, 2, 3, 1], [4, 5, 7, 6]];
    let corner = |half: f64, i: u32| -> Point {
        let at = |axis: u32| if i >> axis & 1 == 1 { half } else { -half };
        [at(0), at(1), at(2) + edge / 2.0]
    };
    let outside = quads.iter().flat_map(|[a, b, c, d]| [[*a, *b, *c], [*a, *c, *d]]);
    let inside = outside.clone().map(|[a, b, c]| [a + 8, c + 8, b + 8]);
    let corners = |half: f64| (0..8).map(move |i| corner(half, i));
    Geometry::Mesh {
        vertices: corners(edge / 2.0).chain(corners(edge / 2.0 - wall)).collect(),
        triangles: outside.chain(inside).collect(),
    }
}

/// The same mesh elsewhere.
pub fn placed(mut mesh: Geometry, place: impl Fn(Point) -> Point) -> Geometry {
    if let Geometry::Mesh { vertices, .. } = &mut mesh {
        for vertex in vertices {
            *vertex = place(*vertex);
        }
    }
    mesh
}
