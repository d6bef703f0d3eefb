//! Holes that parts are joined through: where they really are, and whether two of them meet.

use std::{cell::LazyCell, sync::atomic::AtomicBool};

use contract::limits::MAX_JOINT_GAP_MM;
use contract::violations::Violation;
use design::{Bore, FastenerHole, Part};
use geometry::vector::{dot, length, minus};

use crate::{SCRIPT, at_part, between_parts, rounded};

/// Declared diameters that count as equal, mm.
const DIAMETER_TOLERANCE_MM: f64 = 0.01;
/// Difference between a declared diameter and that of the bore, mm.
pub(crate) const BORE_DIAMETER_TOLERANCE_MM: f64 = 0.05;
/// Distance between two axes that count as one, mm.
const AXIS_OFFSET_TOLERANCE_MM: f64 = 0.1;
/// Angle between two axes that count as parallel, degrees.
pub(crate) const AXIS_ANGLE_TOLERANCE_DEG: f64 = 1.0;
/// Distance between a declared entry and the end of its bore, mm.
const ENTRY_TOLERANCE_MM: f64 = 1.0;

/// Looking up a point is quick; there is nothing to cancel.
static UNCANCELLED: AtomicBool = AtomicBool::new(false);

/// A declared hole of a part.
#[derive(Clone, Copy)]
pub(crate) struct HoleOf<'design> {
    pub(crate) part: &'design Part,
    pub(crate) hole: &'design FastenerHole,
}

/// Part of a line: from and to, mm along the axis from the entry.
type Stretch = [f64; 2];

impl<'design> HoleOf<'design> {
    /// The hole that the part declares under this name.
    pub(crate) fn named(part: &'design Part, hole_id: &str) -> Option<Self> {
        part.holes.iter().find(|hole| hole.hole_id == hole_id).map(|hole| Self { part, hole })
    }

    /// The violation when the part has no bore where it declares the hole.
    pub(crate) fn check_cut(self) -> Option<Violation> {
        let FastenerHole { hole_id, diameter_mm, position_mm: [x, y, z], .. } = self.hole;
        let label = &self.part.label;
        if self.bored().is_some() {
            return None;
        }
        let message = format!(
            "Part {label:?} declares hole {hole_id:?} (diameter {diameter_mm} mm, entry at ({x:.2}, {y:.2}, {z:.2}) mm) \
             but its geometry has no such bore: the same diameter within {BORE_DIAMETER_TOLERANCE_MM} mm, on the same \
             axis, entering within {ENTRY_TOLERANCE_MM} mm; cut it with utils.fasteners.fastener_hole and keep it open"
        );
        Some(Violation::new(SCRIPT, "joint.hole_not_cut", message).at(at_part(label)))
    }

    /// The range of the axis that is really open: bores of this diameter on the axis, wider ones (a counterbore), and
    /// air between them, as inside a tube. `None` when there is no bore of this diameter at the declared entry.
    fn bored(self) -> Option<Stretch> {
        let mut stretches: Vec<(Stretch, bool)> = self
            .part
            .bores
            .iter()
            .filter(|bore| bore.diameter_mm >= self.hole.diameter_mm - BORE_DIAMETER_TOLERANCE_MM)
            .filter_map(|bore| {
                let is_own = bore.diameter_mm <= self.hole.diameter_mm + BORE_DIAMETER_TOLERANCE_MM;
                Some((self.stretch_of(bore)?, is_own))
            })
            .filter(|([from, _], _)| *from >= -ENTRY_TOLERANCE_MM)
            .collect();
        stretches.sort_by(|left, right| left.0[0].total_cmp(&right.0[0]));
        let surface = LazyCell::new(|| self.part.mesh.surface(&UNCANCELLED));
        let is_material = |along| surface.as_ref().is_some_and(|surface| surface.contains(self.at(along)));
        let (mut start, mut end, mut has_own) = (None, 0.0, false);
        for ([from, to], is_own) in stretches {
            if from > end + ENTRY_TOLERANCE_MM && (start.is_none() || is_material(f64::midpoint(end, from))) {
                break;
            }
            start.get_or_insert(from);
            end = to.max(end);
            has_own |= is_own;
        }
        start.filter(|_| has_own).map(|start| [start, end])
    }

    /// Whether no two fasteners can be in both: their axes are parallel and closer than the hole is wide.
    pub(crate) fn is_beside(self, other: Self) -> bool {
        is_parallel(self.hole.axis, other.hole.axis)
            && self.along_and_off(other.hole.position_mm).1 < self.hole.diameter_mm
    }

    /// The bore of `support` on this hole's axis; only the axes are compared.
    pub(crate) fn bore_in(self, support: &Part) -> Option<Bore> {
        support.bores.iter().find(|bore| self.stretch_of(bore).is_some()).copied()
    }

    /// Diameter of the shaft or fastener that the hole is for, mm: the number in a size such as `M3`.
    pub(crate) fn nominal_diameter_mm(self) -> Option<f64> {
        self.hole.size.strip_prefix('M')?.parse().ok()
    }

    /// The point of the hole's axis that is `along` mm from the entry.
    fn at(self, along: f64) -> [f64; 3] {
        std::array::from_fn(|axis| self.hole.position_mm[axis] + along * self.hole.axis[axis])
    }

    /// Where a bore lies along this hole's axis; `None` when it is not on the axis.
    fn stretch_of(self, bore: &Bore) -> Option<Stretch> {
        let ends = [bore.start_mm, bore.end_mm].map(|end| self.along_and_off(end));
        let is_parallel = is_parallel(self.hole.axis, direction_of(bore));
        let is_near = ends.iter().any(|(_, off)| *off <= AXIS_OFFSET_TOLERANCE_MM);
        (is_parallel && is_near).then(|| [ends[0].0.min(ends[1].0), ends[0].0.max(ends[1].0)])
    }

    /// How far a point lies along the axis from the entry, and how far off it, mm.
    fn along_and_off(self, point: [f64; 3]) -> (f64, f64) {
        let from_entry = minus(point, self.hole.position_mm);
        let along = dot(from_entry, self.hole.axis);
        let off: [f64; 3] = std::array::from_fn(|axis| from_entry[axis] - along * self.hole.axis[axis]);
        (along, length(off))
    }

    /// Entry and bottom in the world: of the bore, or as declared where there is none.
    fn ends(self) -> [[f64; 3]; 2] {
        self.bored()
            .unwrap_or([0.0, self.hole.depth_mm])
            .map(|along| std::array::from_fn(|axis| self.hole.position_mm[axis] + along * self.hole.axis[axis]))
    }
}

/// What keeps two holes from taking one fastener or shaft: their diameters, their axes, the gap between them. The gap
/// is between what is really open, along the axis: a hole that ends inside its part leaves material in the way.
pub(crate) fn check_meeting(own: HoleOf<'_>, other: HoleOf<'_>) -> Vec<Violation> {
    let names = format!(
        "{:?} of {:?} and {:?} of {:?}",
        own.hole.hole_id, own.part.label, other.hole.hole_id, other.part.label
    );
    let found = |rule: &str, message: String, measured: f64, limit: f64| {
        Violation::new(SCRIPT, rule, message)
            .at(between_parts(&own.part.label, &other.part.label))
            .measured(rounded(measured))
            .limit(limit)
    };
    let mut violations = Vec::new();

    let (diameter, other_diameter) = (own.hole.diameter_mm, other.hole.diameter_mm);
    let difference_mm = (diameter - other_diameter).abs();
    if difference_mm > DIAMETER_TOLERANCE_MM {
        let message = format!(
            "Holes {names} do not fit: their diameters are {diameter} and {other_diameter} mm and must be equal; give \
             both the same size"
        );
        violations.push(found("joint.diameter_mismatch", message, difference_mm, DIAMETER_TOLERANCE_MM));
    }

    let angle = angle_deg(own.hole.axis, other.hole.axis);
    if angle > AXIS_ANGLE_TOLERANCE_DEG {
        let message = format!(
            "Holes {names} do not line up: their axes are {angle:.1}° apart, {AXIS_ANGLE_TOLERANCE_DEG}° at most; turn \
             one of the parts"
        );
        violations.push(found("joint.holes_not_parallel", message, angle, AXIS_ANGLE_TOLERANCE_DEG));
        return violations;
    }
    let offset = own.along_and_off(other.hole.position_mm).1;
    if offset > AXIS_OFFSET_TOLERANCE_MM {
        let message = format!(
            "Holes {names} do not line up: their axes are {offset:.2} mm apart, {AXIS_OFFSET_TOLERANCE_MM} mm at most; \
             move one of the holes"
        );
        violations.push(found("joint.holes_offset", message, offset, AXIS_OFFSET_TOLERANCE_MM));
        return violations;
    }
    let along = |hole: HoleOf<'_>| hole.ends().map(|end| own.along_and_off(end).0);
    let gap = gap_between(along(own), along(other));
    if gap > MAX_JOINT_GAP_MM {
        let message = format!(
            "Holes {names} are {gap:.2} mm apart along their axis, {MAX_JOINT_GAP_MM} mm at most; bring the parts \
             together, or drill through the one in between"
        );
        violations.push(found("joint.gap_too_wide", message, gap, MAX_JOINT_GAP_MM));
    }
    violations
}

fn gap_between(first: Stretch, second: Stretch) -> f64 {
    let [first, second] = [first, second].map(|[a, b]| [a.min(b), a.max(b)]);
    (second[0] - first[1]).max(first[0] - second[1]).max(0.0)
}

/// Angle between two lines, degrees, 0 to 90; 90 when one has no direction.
pub(crate) fn angle_deg(first: [f64; 3], second: [f64; 3]) -> f64 {
    let lengths = length(first) * length(second);
    if lengths > 0.0 { (dot(first, second).abs() / lengths).min(1.0).acos().to_degrees() } else { 90.0 }
}

/// The direction of a bore's axis; its length is the bore's.
pub(crate) fn direction_of(bore: &Bore) -> [f64; 3] {
    minus(bore.end_mm, bore.start_mm)
}

fn is_parallel(first: [f64; 3], second: [f64; 3]) -> bool {
    angle_deg(first, second) <= AXIS_ANGLE_TOLERANCE_DEG
}
