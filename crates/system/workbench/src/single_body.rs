//! The rule of every method: a single body.

use crate::{flaw::Flaw, solid::Solid};

/// Why `solid` cannot be made as one piece, by any method.
pub(crate) fn findings(solid: &Solid) -> Vec<Flaw> {
    if solid.solid_count <= 1 {
        return Vec::new();
    }
    let message = format!(
        "Geometry must be a single body, found {} solids; join them, or make each a part of its own",
        solid.solid_count
    );
    vec![Flaw::new("part.single_body", message).against(solid.solid_count, 1)]
}
