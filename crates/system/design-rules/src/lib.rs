//! Rules of a built design that do not depend on the manufacturing method: sound solids, sound connections, and a moved
//! object that has room at every start that its randomisation allows.
//!
//! Everything here looks at geometry that was built, never at what a script says about it: a declared hole counts when
//! the part has a bore there. The crate knows no HTTP, no session and no price. Lengths in mm, world axes.

mod connections;
#[cfg(test)]
mod fixture;
mod forms;
mod holes;
mod joints;
mod moved_part;
mod obstruction;
mod randomization;
mod solids;

pub use joints::check_joints;
pub use moved_part::moved_part;
pub use randomization::check_randomization;
pub use solids::check_solids;

/// The file that violations of a design's geometry are reported for.
const SCRIPT: &str = "script.py";

/// Deepest penetration that counts as touching, mm. Triangles and decimal fractions do not meet exactly.
const TOUCH_TOLERANCE_MM: f64 = 0.01;

/// Place of a violation that concerns one part.
fn at_part(label: &str) -> String {
    format!("part {label:?}")
}

/// Place of a violation between two parts, seen from the first.
fn between_parts(label: &str, other: &str) -> String {
    format!("part {label:?} → {other:?}")
}

/// A measured length for people and files: to a thousandth of a millimetre.
fn rounded(length_mm: f64) -> f64 {
    // Adding zero turns -0 into 0.
    (length_mm * 1000.0).round() / 1000.0 + 0.0
}
