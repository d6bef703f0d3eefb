//! A part's own axes, and its extent along any.

use std::collections::HashMap;

use parry3d_f64::math::Vector;

use crate::surface::{Facet, Surface};

/// Resolution at which directions are distinguished, as a sine (0.006°).
const DIRECTION_STEP: f64 = 1e-4;

/// Largest deviation from a right angle, as a cosine (0.06°).
const SQUARE: f64 = 1e-3;

/// Number of directions, largest first, that are tried as axes.
const MAX_DIRECTIONS: usize = 8;

/// The world's axes are kept unless others have more perpendicular surface by this factor.
const CLEARLY_MORE: f64 = 1.0 + 1e-6;

/// Normals in single precision that differ by less are the same.
const SAME_NORMAL: f64 = 1e-5;

/// Three axes at right angles to each other, unit vectors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    axes: [Vector; 3],
}

/// A direction of either sense, and the surface that is perpendicular to it or runs around it, mm².
#[derive(Debug, Clone, Copy)]
struct Direction {
    along: Vector,
    area_mm2: f64,
}

impl Frame {
    /// The world's.
    pub const WORLD: Self = Self { axes: [Vector::X, Vector::Y, Vector::Z] };

    /// The axes that most of a part's surface follows: flat faces are perpendicular to one, cylinders run around one.
    /// The world's axes where no others have more.
    pub fn own(surface: &Surface) -> Self {
        let directions = directions(surface);
        let mut best = (Self::WORLD, Self::WORLD.area_mm2(&directions) * CLEARLY_MORE);
        for (place, first) in directions.iter().enumerate() {
            let mates = directions.iter().skip(place + 1).filter(|other| other.along.dot(first.along).abs() < SQUARE);
            let mates: Vec<_> = mates.map(|mate| mate.along).collect();
            let mates = if mates.is_empty() { vec![most_square_to(first.along)] } else { mates };
            for frame in mates.into_iter().filter_map(|mate| Self::from_two(first.along, mate)) {
                let area = frame.area_mm2(&directions);
                if area > best.1 {
                    best = (frame, area);
                }
            }
        }
        best.0
    }

    fn from_two(first: Vector, second: Vector) -> Option<Self> {
        let second = (second - first * first.dot(second)).try_normalize()?;
        Some(Self { axes: [first, second, first.cross(second)] })
    }

    fn area_mm2(&self, directions: &[Direction]) -> f64 {
        let goes_by = |it: &&Direction| self.axes.iter().any(|axis| axis.cross(it.along).length() < SQUARE);
        directions.iter().filter(goes_by).map(|it| it.area_mm2).sum()
    }

    /// Both senses of each axis, with its number.
    pub fn senses(&self) -> [(usize, Vector); 6] {
        let [a, b, c] = self.axes;
        // Adding zero turns a negative zero into a plain one.
        [(0, a), (1, b), (2, c), (0, -a), (1, -b), (2, -c)].map(|(number, axis)| (number, axis + Vector::ZERO))
    }

    /// Extents of a part along the axes, mm.
    pub fn size_mm(&self, surface: &Surface) -> [f64; 3] {
        self.axes.map(|axis| reach(surface, axis) + reach(surface, -axis))
    }
}

/// The directions that a part's surface follows, those with the largest area first.
fn directions(surface: &Surface) -> Vec<Direction> {
    let mut found: HashMap<[i64; 3], Vector> = HashMap::new();
    for facet in &surface.facets {
        let along = if facet.is_curved { straight(facet) } else { Some(facet.normal) };
        let Some(along) = along else { continue };
        let key = along.to_array().map(|at| (at / DIRECTION_STEP).round() as i64);
        let is_negative = key.iter().find(|at| **at != 0).is_some_and(|at| *at < 0);
        let (key, along) = if is_negative { (key.map(|at| -at), -along) } else { (key, along) };
        *found.entry(key).or_insert(Vector::ZERO) += along * area_mm2(facet);
    }
    let mut sums: Vec<_> = found.into_iter().collect();
    sums.sort_by(|(key, one), (other, two)| two.length().total_cmp(&one.length()).then(key.cmp(other)));
    let direction = |sum: Vector| Some(Direction { along: sum.try_normalize()?, area_mm2: sum.length() });
    sums.into_iter().filter_map(|(_, sum)| direction(sum)).take(MAX_DIRECTIONS).collect()
}

fn area_mm2(facet: &Facet) -> f64 {
    let [a, b, c] = facet.corners;
    (b - a).cross(c - a).length() / 2.0
}

/// The straight direction of a curved facet that bends one way only, as those of a cylinder do: an edge along which the
/// normal stays the same, and to which the third normal is also perpendicular.
fn straight(facet: &Facet) -> Option<Vector> {
    [(0, 1, 2), (1, 2, 0), (2, 0, 1)].into_iter().find_map(|(from, to, third)| {
        let edge = (facet.corners[to] - facet.corners[from]).try_normalize()?;
        let stays = (facet.normals[to] - facet.normals[from]).length() < SAME_NORMAL;
        let is_square = |corner: usize| facet.normals[corner].dot(edge).abs() < SAME_NORMAL;
        (stays && is_square(from) && is_square(third)).then_some(edge)
    })
}

/// The world axis that is most nearly perpendicular to a direction.
fn most_square_to(direction: Vector) -> Vector {
    let lean = |axis: &Vector| axis.dot(direction).abs();
    [Vector::X, Vector::Y, Vector::Z]
        .into_iter()
        .min_by(|one, two| lean(one).total_cmp(&lean(two)))
        .unwrap_or(Vector::X)
}

/// How far a part reaches in a direction from the origin, mm. Curved faces reach further than their facets.
fn reach(surface: &Surface, direction: Vector) -> f64 {
    let corners = surface.facets.iter().flat_map(|facet| facet.corners).map(|corner| corner.dot(direction));
    let curved = surface.facets.iter().filter(|facet| facet.is_curved);
    let arcs = curved.flat_map(|facet| [(0, 1), (1, 2), (2, 0)].map(|ends| arc_reach(facet, ends, direction)));
    corners.chain(arcs.flatten()).fold(f64::NEG_INFINITY, f64::max)
}

/// How far the arc over an edge of a facet reaches, where it reaches furthest between its ends.
fn arc_reach(facet: &Facet, (from, to): (usize, usize), direction: Vector) -> Option<f64> {
    let (start, end) = (facet.normals[from], facet.normals[to]);
    let turn = end - start;
    let radius = (facet.corners[to] - facet.corners[from]).dot(turn) / turn.length_squared();
    let cosine = start.dot(end);
    let (towards_end, towards_start) = (end - start * cosine, start - end * cosine);
    let is_between = towards_end.dot(direction) > 0.0 && towards_start.dot(direction) > 0.0;
    let across = towards_end.try_normalize()?;
    let middle = facet.corners[from] - start * radius;
    let reach = middle.dot(direction) + radius * start.dot(direction).hypot(across.dot(direction));
    (is_between && radius > 0.0).then_some(reach)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use rstest::rstest;

    use super::*;
    use crate::sample_solids::{SampleSolid, extruded_xz, rod};

    fn asked<T>(solid: &SampleSolid, ask: impl Fn(&Surface) -> T) -> T {
        let cancel = AtomicBool::new(false);
        ask(&Surface::of(&solid.view(), &cancel).expect("it has a surface"))
    }

    #[rstest]
    #[case::plate(SampleSolid::cuboid([50.0, 40.0, 10.0]))]
    // Legs of 30 and 40 mm have more surface than the hypotenuse of 50.
    #[case::wedge(extruded_xz(&[[0.0, 0.0], [40.0, 0.0], [0.0, 30.0]], 20.0))]
    #[case::standing_rod(rod(10.0, 40.0))]
    fn well_placed_part_keeps_the_world_axes(#[case] solid: SampleSolid) {
        assert_eq!(asked(&solid, Frame::own), Frame::WORLD);
        let turned = solid.turned_about_z(std::f64::consts::FRAC_PI_2);
        assert_eq!(asked(&turned, Frame::own), Frame::WORLD);
    }

    #[rstest]
    #[case::plate(SampleSolid::cuboid([50.0, 40.0, 10.0]), [50.0, 40.0, 10.0])]
    #[case::wedge(extruded_xz(&[[0.0, 0.0], [40.0, 0.0], [0.0, 30.0]], 20.0), [40.0, 30.0, 20.0])]
    // 5 mm of radius, between whose facets the arc reaches further than the corners.
    #[case::rod(rod(5.0, 40.0), [40.0, 10.0, 10.0])]
    fn extents_do_not_depend_on_the_pose(#[case] solid: SampleSolid, #[case] expected: [f64; 3]) {
        for (about_z, about_x) in [(0.0, 0.0), (0.5, 0.0), (0.0, 0.7), (0.3, 1.1)] {
            let turned = solid.clone().turned_about_z(about_z).turned_about_x(about_x);
            let mut size = asked(&turned, |surface| Frame::own(surface).size_mm(surface));
            size.sort_by(|one, two| two.total_cmp(one));
            let error = size.iter().zip(expected).map(|(found, right)| (found - right).abs()).fold(0.0, f64::max);
            // Normals come in single precision.
            assert!(error < 1e-5, "{size:?} instead of {expected:?}, turned by {about_z} and {about_x}");
        }
    }
}
