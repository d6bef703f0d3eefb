//! What every method needs: one piece.

use crate::{flaw::Flaw, solid::Solid};

/// What stands against making `solid` as one piece, by whatever method.
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
