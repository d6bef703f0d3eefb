//! Cache of measured designs. The measuring process sees only what a script handed over and its job, so the same bytes
//! always give the same answer.

use design::{Design, Geometry, Part};
use kept::{Content, Kept};
use serde_json::Value;

/// Most bytes of designs in the cache.
const MAX_BYTES: u64 = 64 << 20;

/// Measured designs, without what their scripts printed.
pub(crate) fn measured_designs() -> Kept<Design> {
    Kept::with_room(MAX_BYTES, bytes_of)
}

/// All that a measurement depends on: the handed-over files, and the job's own fields.
pub(crate) fn measured_content(geometry: &Geometry, asked: &Value) -> Content {
    Content::of([geometry.shapes(), geometry.declarations(), asked.to_string().as_bytes()])
}

fn bytes_of(design: &Design) -> usize {
    let Design { parts, bounding_box: _, interferences, notes, geometry, stdout, stderr } = design;
    size_of::<Design>()
        + parts.iter().map(bytes_of_part).sum::<usize>()
        + size_of_val(interferences.as_slice())
        + notes.iter().map(String::len).sum::<usize>()
        + geometry.shapes().len()
        + geometry.declarations().len()
        + stdout.len()
        + stderr.len()
}

/// Memory of a part without its short texts, which are also in the declarations.
fn bytes_of_part(part: &Part) -> usize {
    size_of::<Part>()
        + size_of_val(part.mesh.vertices_mm.as_slice())
        + size_of_val(part.mesh.triangles.as_slice())
        + size_of_val(part.mesh.normals.as_slice())
        + size_of_val(part.faces.as_slice())
        + size_of_val(part.internal_corners.as_slice())
        + size_of_val(part.bores.as_slice())
        + size_of_val(part.holes.as_slice())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn content_covers_shapes_declarations_and_request() {
        let of = |shapes: &[u8], declarations: &[u8], tolerance: f64| {
            measured_content(
                &Geometry::new(shapes.to_vec(), declarations.to_vec()),
                &json!({ "tolerance_mm": tolerance }),
            )
        };
        let known = of(b"shapes", b"declarations", 0.1);
        assert_eq!(of(b"shapes", b"declarations", 0.1), known);
        assert_ne!(of(b"shapeS", b"declarations", 0.1), known);
        assert_ne!(of(b"shapes", b"declaration", 0.1), known);
        assert_ne!(of(b"shapes", b"declarations", 0.1 + 1e-12), known);
    }
}
