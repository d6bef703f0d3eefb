//! How thick a part's walls are.
//!
//! Two measures, because each fails where the other works. *Thin* is measured along the inward normal to the opposite
//! face; a ball would find every convex edge infinitely thin. *Thick* is the diameter of the largest ball that touches
//! the surface at a point and fits inside; along the normal, the rim of a cup would be as thick as the cup is high. The
//! ball is found by shrinking: while the surface cuts into it, it is replaced by the ball through the touching point
//! and the nearest point of the surface. The largest one then grows away from what it touches, because it need not have
//! started from the middle of a face.

use parry3d_f64::math::Vector;

use crate::{
    rays::Inside,
    surface::{Facet, Surface},
};

/// Most facets that are measured.
const MAX_FACETS: usize = 1000;

/// Two faces bound a wall when their normals are opposite to within 60°.
const OPPOSITE: f64 = -0.5;

/// A ball fits when the surface leaves this share of its radius free.
const FIT: f64 = 0.999;

/// Steps after which the shrinking ball is near enough; it usually takes three.
const MAX_SHRINKS: usize = 20;

/// Steps of the growing ball; an unsuccessful step halves the next.
const GROWING_STEPS: usize = 20;

/// A step of less than this share of the radius is not worth taking.
const LEAST_STEP: f64 = 4e-3;

/// A ball fills a wall when the surface is no further on its other side than this, in radii: opposite faces may lean
/// towards each other by 12°.
const ON_THE_OTHER_SIDE: f64 = 1.02;

/// Most junctions that are measured.
const MAX_JUNCTIONS: usize = 64;

/// A ball is looked for where it may be larger than the known one by this factor; growing makes up for the rest.
const WORTH_LOOKING: f64 = 1.1;

/// A thickness and where it was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Thickness {
    /// mm.
    pub thickness_mm: f64,
    /// Point of the surface of a thin wall, middle of a thick place, mm.
    pub at: [f64; 3],
}

/// The extremes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct WallThickness {
    /// The thinnest wall; absent where nothing has an opposite face.
    pub thinnest: Option<Thickness>,
    /// The thickest wall.
    pub thickest: Option<Thickness>,
    /// The largest ball that fits where walls meet.
    pub junction: Option<Thickness>,
}

/// Measures the walls. Places where a ball of `uncritical_mm` does not fit are not measured any closer: balls are the
/// costly part.
pub(crate) fn measure(surface: &Surface, uncritical_mm: f64) -> WallThickness {
    let Some(inside) = Inside::of(surface) else { return WallThickness::default() };
    let mut extremes = WallThickness::default();
    let mut thick = Vec::new();
    for (point, facet) in points(surface).take_while(|_| !surface.is_cancelled()) {
        let Some((found, is_wall)) = across(surface, &inside, point, facet) else { continue };
        if is_wall && extremes.thinnest.is_none_or(|thinnest| found.thickness_mm < thinnest.thickness_mm) {
            extremes.thinnest = Some(found);
        }
        if found.thickness_mm > uncritical_mm {
            thick.push((found, point, facet.normal));
        } else if is_wall {
            extremes.thickest = Some(thicker(extremes.thickest, found));
        }
    }
    // No ball is larger than the way across, so the rest of the list can be left when the way gets too short.
    thick.sort_by(|(one, ..), (two, ..)| two.thickness_mm.total_cmp(&one.thickness_mm));
    let mut junctions = 0;
    for (across_mm, point, normal) in thick {
        let known = extremes.thickest.map_or(0.0, |wall| wall.thickness_mm);
        let known = if known > uncritical_mm { known * WORTH_LOOKING } else { uncritical_mm };
        if across_mm.thickness_mm <= known || junctions >= MAX_JUNCTIONS || surface.is_cancelled() {
            break;
        }
        if !fits(&inside, Ball { center: point - normal * (known / 2.0), radius: known / 2.0 }) {
            continue;
        }
        let ball = grown(&inside, touching_ball(&inside, point, normal, across_mm.thickness_mm));
        if let Some(wall) = wall_around(surface, &inside, ball) {
            extremes.thickest = Some(thicker(extremes.thickest, wall));
        } else {
            junctions += 1;
            let found = Thickness { thickness_mm: ball.radius * 2.0, at: ball.center.to_array() };
            extremes.junction = Some(thicker(extremes.junction, found));
        }
    }
    extremes
}

/// The thickness along the inward normal of the true face, and whether the other side is that of a wall. Both sides are
/// taken where the true faces are, and not where the facets are.
fn across(surface: &Surface, inside: &Inside, point: Vector, facet: &Facet) -> Option<(Thickness, bool)> {
    let (off, normal) = facet.true_face(point);
    let exit = inside.across(point, normal)?;
    let other = surface.facets.get(exit.facet)?;
    let (other_off, other_normal) = other.true_face(point - normal * exit.distance);
    let is_wall = other_normal.dot(normal) < OPPOSITE;
    let corrected = exit.distance + off.dot(normal) - if is_wall { other_off.dot(normal) } else { 0.0 };
    Some((Thickness { thickness_mm: corrected, at: point.to_array() }, is_wall))
}

/// The thickness of the wall that a ball fills: it touches two faces that lie opposite each other. None for a ball in a
/// corner or junction of walls, which is larger than any of them.
fn wall_around(surface: &Surface, inside: &Inside, ball: Ball) -> Option<Thickness> {
    let (nearest, index) = inside.nearest_facet(ball.center)?;
    let direction = (nearest - ball.center).try_normalize()?;
    let opposite = inside.distance(ball.center, -direction)?;
    if opposite > ball.radius * ON_THE_OTHER_SIDE {
        return None;
    }
    let found = across(surface, inside, nearest, surface.facets.get(index)?).filter(|(_, is_wall)| *is_wall);
    let thickness_mm =
        found.map_or(ball.radius * 2.0, |(found, _)| found.thickness_mm.min(ball.radius * 2.0 * ON_THE_OTHER_SIDE));
    Some(Thickness { thickness_mm, at: ball.center.to_array() })
}

/// A ball inside the part, mm.
#[derive(Debug, Clone, Copy)]
struct Ball {
    center: Vector,
    radius: f64,
}

fn thicker(known: Option<Thickness>, found: Thickness) -> Thickness {
    known.filter(|known| known.thickness_mm >= found.thickness_mm).unwrap_or(found)
}

/// Points of up to [`MAX_FACETS`] facets, with the facets, the same ones each time: several on each facet of a simple
/// part, one on every n-th facet of a finely cut one.
fn points<'a>(surface: &'a Surface<'_>) -> impl Iterator<Item = (Vector, &'a Facet)> + 'a {
    let step = surface.facets.len().div_ceil(MAX_FACETS).max(1);
    let of_each = surface.points_per_facet();
    let looked_at = surface.facets.iter().step_by(step);
    looked_at.flat_map(move |facet| facet.points(of_each).map(move |point| (point, facet)))
}

fn fits(inside: &Inside, ball: Ball) -> bool {
    (inside.nearest(ball.center) - ball.center).length() >= ball.radius * FIT
}

/// The largest ball that touches the surface at `point` and fits inside, starting from the way across.
fn touching_ball(inside: &Inside, point: Vector, normal: Vector, across: f64) -> Ball {
    let mut radius = across / 2.0;
    for _ in 0..MAX_SHRINKS {
        let center = point - normal * radius;
        let nearest = inside.nearest(center);
        if (nearest - center).length() >= radius * FIT {
            break;
        }
        // The ball with its centre on the normal through both points: |c − point| = |c − nearest| solved for the radius.
        let away = point - nearest;
        let smaller = away.length_squared() / (2.0 * normal.dot(away));
        if !(smaller.is_finite() && smaller > 0.0 && smaller < radius) {
            break;
        }
        radius = smaller;
    }
    Ball { center: point - normal * radius, radius }
}

/// The ball after moving away from what it touches for as long as that makes room.
fn grown(inside: &Inside, ball: Ball) -> Ball {
    let mut ball = ball;
    // Half a radius at most, so that no step leads through the wall on the other side.
    let mut step = ball.radius / 2.0;
    let mut nearest = inside.nearest(ball.center);
    for _ in 0..GROWING_STEPS {
        let Some(away) = (ball.center - nearest).try_normalize().filter(|_| step > ball.radius * LEAST_STEP) else {
            break;
        };
        let center = ball.center + away * step;
        let next = inside.nearest(center);
        let radius = (center - next).length();
        // Along a corner's bisector a step away from one wall first keeps the distance from the other.
        if radius >= ball.radius * (1.0 - 1e-12) {
            ball = Ball { center, radius };
            nearest = next;
        } else {
            step /= 2.0;
        }
    }
    ball
}
