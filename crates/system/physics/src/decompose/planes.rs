//! Where to cut a non-convex solid.

use parry3d_f64::math::Vector;

use super::{
    cut::Plane,
    surface::{Notch, Surface},
};

/// Notches whose planes are tried for one cut.
const TRIED_NOTCHES: usize = 64;

/// Faces that meet at less than this angle are facets of one round, rad. Beside another round, facets are turned by
/// several times what CAD tessellates to.
const ROUND_RAD: f64 = 0.5;

/// How upright a cut stands on a round at most: the sine of the angle against its normal.
const UPRIGHT: f64 = 0.5;

/// Planes to cut with, the most promising first: through a notch along either of its faces, halfway between
/// them, or on along the next notch. The score of a plane is the notches in it, less those that it cuts in two, plus a
/// little for an even division. The last resort is a plane across the longest side.
pub(super) fn cutting_planes(surface: &Surface, deepest: Vector) -> Vec<Plane> {
    let mut notches = surface.notches();
    notches.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    let tolerance = 1e-6 * surface.diagonal();
    let heaviest = notches.iter().take(TRIED_NOTCHES / 2);
    let spread = notches.iter().skip(TRIED_NOTCHES / 2).step_by((2 * notches.len() / TRIED_NOTCHES).max(1));
    let mut scored: Vec<(f64, Plane)> = Vec::new();
    for notch in heaviest.chain(spread) {
        let [one, two] = notch.normals;
        let along = notch.ends[1] - notch.ends[0];
        let upright = (one + two).normalize_or_zero();
        let is_round = one.dot(two) > ROUND_RAD.cos();
        // A cut along a facet of a round takes off a lens, and leaves the next facet as it was.
        let faces = [one, two].into_iter().filter(|_| !is_round);
        // A notch that continues around a corner, such as the foot of a spout, is in a separate plane.
        let onward = notches.iter().filter(|other| other.ends.iter().any(|end| notch.ends.contains(end)));
        let round_corner = onward
            .map(|other| along.cross(other.ends[1] - other.ends[0]).normalize_or_zero())
            .filter(|normal| !is_round || normal.dot(upright).abs() < UPRIGHT);
        // Normal of the plane halfway between the faces: across the edge and across the mean normal.
        for normal in faces.chain([along.cross(upright)]).chain(round_corner) {
            let Some(plane) = Plane::through(notch.ends[0], normal) else { continue };
            if !scored.iter().any(|(_, known)| known.is_near(&plane)) {
                scored.push((worth(&plane, &notches, tolerance), plane));
            }
        }
    }
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut planes: Vec<Plane> = scored.into_iter().map(|(_, plane)| plane).collect();
    let [low, high] = surface.extent();
    let size = high - low;
    let mut axes = [Vector::X, Vector::Y, Vector::Z];
    axes.sort_by(|a, b| size.dot(*b).total_cmp(&size.dot(*a)));
    planes.extend(axes.iter().filter_map(|axis| Plane::through(deepest, *axis)));
    planes.extend(axes.iter().filter_map(|axis| Plane::through((low + high) / 2.0, *axis)));
    planes
}

fn worth(plane: &Plane, notches: &[Notch], tolerance: f64) -> f64 {
    let (mut resolved, mut split, mut below, mut above) = (0.0, 0.0, 0.0, 0.0);
    for notch in notches {
        let [a, b] = notch.ends.map(|end| plane.height(end));
        if a.abs() <= tolerance && b.abs() <= tolerance {
            resolved += notch.weight;
        } else if a.min(b) < -tolerance && a.max(b) > tolerance {
            split += notch.weight;
        } else if a + b < 0.0 {
            below += notch.weight;
        } else {
            above += notch.weight;
        }
    }
    resolved - 0.5 * split + 0.3 * f64::min(below, above)
}
