//! Meshes that are a sphere, a cylinder or a box to within their tessellation.
//!
//! Nothing is taken from the CAD script. A mesh is a primitive when all its corners lie on the primitive's surface and
//! each facet is one that a tessellation of it would have: no farther from the surface than the tessellation's
//! tolerance, and small beside its radius. A prism of six or twenty sides, whose facets are intended, stays a prism.

use parry3d_f64::math::Vector;

use super::surface::Surface;

/// Largest distance of a corner from the surface, mm: CAD kernels put corners on it to within their edges' tolerance.
const CORNER_MM: f64 = 1e-3;

/// Largest distance of a facet from the surface, mm. CAD tessellates to within 0.1 mm, measured along the edges; the
/// middle of a doubly curved facet may be farther off.
const SAGITTA_MM: f64 = 0.2;

/// Half of the largest angle between neighbouring facets of a cylinder, rad. CAD tessellates to within 0.1 rad a facet;
/// with this limit 40 facets count as a round and 36 as a prism.
const CYLINDER_HALF_ANGLE: f64 = 0.08;

/// Largest angle between a facet's normal and its corners' normals on a sphere, rad: a facet of 0.1 rad by 0.1 rad has
/// 0.07, and the tessellation is up to twice as coarse along a meridian.
const SPHERE_HALF_ANGLE: f64 = 0.16;

/// Largest deviation of unit vectors that count as parallel or perpendicular.
const PARALLEL: f64 = 1e-6;

/// A shape that the engine computes exactly. Lengths in mm, world coordinates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Primitive {
    /// Sphere.
    Sphere {
        /// Centre.
        center: [f64; 3],
        /// Radius.
        radius: f64,
    },
    /// Box in any attitude.
    Cuboid {
        /// Centre.
        center: [f64; 3],
        /// Directions of its edges, which are perpendicular and right-handed.
        axes: [[f64; 3]; 3],
        /// Half the edge lengths along them.
        half_size: [f64; 3],
    },
    /// Cylinder in any attitude.
    Cylinder {
        /// Centre.
        center: [f64; 3],
        /// Direction of its axis.
        axis: [f64; 3],
        /// Radius.
        radius: f64,
        /// Half the height.
        half_height: f64,
    },
}

/// The primitive that a closed mesh is, and the largest distance of a corner from its surface, mm.
pub(super) fn recognise(mesh: &Surface) -> Option<(Primitive, f64)> {
    let faces: Vec<Facet> = mesh.triangles.iter().filter_map(|triangle| Facet::of(mesh, *triangle)).collect();
    if faces.len() < 4 || !mesh.open_edges().is_empty() {
        return None;
    }
    cuboid(mesh, &faces).or_else(|| cylinder(mesh, &faces)).or_else(|| sphere(mesh, &faces))
}

struct Facet {
    corners: [Vector; 3],
    normal: Vector,
}

impl Facet {
    /// `None` for a triangle without area, whose corners are those of its neighbours.
    fn of(mesh: &Surface, triangle: [u32; 3]) -> Option<Self> {
        let normal = mesh.normal(triangle);
        (normal != Vector::ZERO).then(|| Self { corners: mesh.corners(triangle), normal })
    }
}

/// Lowest and highest place of the corners along a direction.
fn range_along(mesh: &Surface, direction: Vector) -> [f64; 2] {
    let along = mesh.points.iter().map(|point| point.dot(direction));
    along.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], at| [low.min(at), high.max(at)])
}

fn cuboid(mesh: &Surface, faces: &[Facet]) -> Option<(Primitive, f64)> {
    let first = faces[0].normal;
    let across = faces.iter().map(|face| face.normal).find(|normal| normal.dot(first).abs() < PARALLEL)?;
    let second = (across - first * across.dot(first)).normalize();
    let axes = [first, second, first.cross(second)];
    let ranges = axes.map(|axis| range_along(mesh, axis));
    let mut worst: f64 = 0.0;
    for face in faces {
        let axis = (0..3).find(|axis| face.normal.dot(axes[*axis]).abs() > 1.0 - PARALLEL)?;
        let end = ranges[axis][usize::from(face.normal.dot(axes[axis]) > 0.0)];
        for corner in face.corners {
            worst = worst.max((corner.dot(axes[axis]) - end).abs());
        }
    }
    let half_size = ranges.map(|[low, high]| (high - low) / 2.0);
    let volume = 8.0 * half_size.iter().product::<f64>();
    if worst > CORNER_MM || (mesh.volume() / volume - 1.0).abs() > 1e-3 {
        return None;
    }
    let center = (0..3).map(|axis| axes[axis] * f64::midpoint(ranges[axis][0], ranges[axis][1])).sum::<Vector>();
    Some((Primitive::Cuboid { center: center.to_array(), axes: axes.map(|axis| axis.to_array()), half_size }, worst))
}

fn cylinder(mesh: &Surface, faces: &[Facet]) -> Option<(Primitive, f64)> {
    // Of any two faces that are not parallel, one is an end, or both are sides and the axis lies across them.
    let first = faces[0].normal;
    let sine = |face: &&Facet| face.normal.cross(first).length_squared();
    let other = faces.iter().max_by(|one, other| sine(one).total_cmp(&sine(other)))?.normal;
    [first, other, first.cross(other)].into_iter().find_map(|axis| cylinder_along(mesh, faces, axis))
}

fn cylinder_along(mesh: &Surface, faces: &[Facet], direction: Vector) -> Option<(Primitive, f64)> {
    let direction = direction.try_normalize()?;
    let axis = faces.iter().map(|face| face.normal).find(|normal| normal.dot(direction) > 1.0 - PARALLEL)?;
    let [low, high] = range_along(mesh, axis);
    let is_end = |face: &Facet| face.normal.dot(axis).abs() > 1.0 - PARALLEL;
    let (ends, sides): (Vec<&Facet>, Vec<&Facet>) = faces.iter().partition(|face| is_end(face));
    if sides.iter().any(|side| side.normal.dot(axis).abs() > PARALLEL) {
        return None;
    }
    let across = |point: Vector| point - axis * point.dot(axis);
    let middle = center_of_round(sides.iter().flat_map(|side| side.corners.map(across)), Some(axis))?;
    let radius = sides.iter().flat_map(|side| side.corners.map(|corner| (across(corner) - middle).length()));
    let (radius, count) = radius.fold((0.0, 0.0), |(sum, count), radius| (sum + radius, count + 1.0));
    let radius = radius / count;
    let mut worst: f64 = 0.0;
    for side in &sides {
        for corner in side.corners {
            worst = worst.max(((across(corner) - middle).length() - radius).abs());
        }
        let sagitta = radius - side.normal.dot(across(side.corners[0]) - middle);
        if worst > CORNER_MM || sagitta > SAGITTA_MM || sagitta > radius * (1.0 - CYLINDER_HALF_ANGLE.cos()) {
            return None;
        }
    }
    for end in &ends {
        let at = if end.normal.dot(axis) > 0.0 { high } else { low };
        for corner in end.corners {
            worst = worst.max((corner.dot(axis) - at).abs()).max((across(corner) - middle).length() - radius);
        }
    }
    let half_height = (high - low) / 2.0;
    let volume = std::f64::consts::TAU * radius * radius * half_height;
    if worst > CORNER_MM || (mesh.volume() / volume - 1.0).abs() > 0.02 {
        return None;
    }
    let center = middle + axis * f64::midpoint(low, high);
    Some((Primitive::Cylinder { center: center.to_array(), axis: axis.to_array(), radius, half_height }, worst))
}

fn sphere(mesh: &Surface, faces: &[Facet]) -> Option<(Primitive, f64)> {
    let corners = || faces.iter().flat_map(|face| face.corners);
    let center = center_of_round(corners(), None)?;
    let radius = corners().map(|corner| (corner - center).length()).sum::<f64>() / (3 * faces.len()) as f64;
    let mut worst: f64 = 0.0;
    for face in faces {
        for corner in face.corners {
            worst = worst.max(((corner - center).length() - radius).abs());
        }
        let sagitta = radius - face.normal.dot(face.corners[0] - center);
        if worst > CORNER_MM || sagitta > SAGITTA_MM || sagitta > radius * (1.0 - SPHERE_HALF_ANGLE.cos()) {
            return None;
        }
    }
    let volume = 4.0 / 3.0 * std::f64::consts::PI * radius.powi(3);
    ((mesh.volume() / volume - 1.0).abs() < 0.05)
        .then(|| (Primitive::Sphere { center: center.to_array(), radius }, worst))
}

/// Centre of the sphere that points lie on, or of the circle when they lie in the plane across `axis`: least squares of
/// |p|² = 2·c·p + k about the points' mean, a linear system of three equations.
fn center_of_round(points: impl Iterator<Item = Vector> + Clone, axis: Option<Vector>) -> Option<Vector> {
    let (sum, count) = points.clone().fold((Vector::ZERO, 0.0), |(sum, count), point| (sum + point, count + 1.0));
    if count < 4.0 {
        return None;
    }
    let mean = sum / count;
    let (mut rows, mut right) = ([Vector::ZERO; 3], Vector::ZERO);
    for point in points {
        let point = point - mean;
        rows[0] += point * (2.0 * point.x);
        rows[1] += point * (2.0 * point.y);
        rows[2] += point * (2.0 * point.z);
        right += point * point.length_squared();
    }
    if let Some(axis) = axis {
        // Points of a plane do not determine the direction across it: there the centre is at their mean.
        let size = rows[0].x + rows[1].y + rows[2].z;
        rows[0] += axis * (axis.x * size);
        rows[1] += axis * (axis.y * size);
        rows[2] += axis * (axis.z * size);
    }
    // Cramer's rule; the matrix is symmetric, so rows are columns.
    let determinant = rows[0].dot(rows[1].cross(rows[2]));
    if determinant.abs() < f64::MIN_POSITIVE {
        return None;
    }
    let solve = |a: Vector, b: Vector, c: Vector| a.dot(b.cross(c)) / determinant;
    let offset =
        Vector::new(solve(right, rows[1], rows[2]), solve(rows[0], right, rows[2]), solve(rows[0], rows[1], right));
    Some(mean + offset)
}
