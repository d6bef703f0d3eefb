//! Cache of collision shapes, by the whole content of their mesh.

use std::sync::{Arc, LazyLock};

use kept::{Content, Kept};

use super::{CollisionKind, CollisionShape};

/// Most bytes of shapes in the cache.
const MAX_BYTES: u64 = 64 << 20;

static KEPT: LazyLock<Kept<CollisionShape>> = LazyLock::new(|| Kept::with_room(MAX_BYTES, bytes_of));

/// All that a collision shape depends on: every number of the mesh, and whether the body may roll.
pub(super) fn content(vertices: &[[f64; 3]], triangles: &[[u32; 3]], may_roll: bool) -> Content {
    let vertices: Vec<u8> = vertices.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
    let triangles: Vec<u8> = triangles.iter().flatten().flat_map(|index| index.to_le_bytes()).collect();
    Content::of([vertices, triangles, vec![u8::from(may_roll)]])
}

pub(super) fn get(content: &Content) -> Option<Arc<CollisionShape>> {
    KEPT.get(content)
}

pub(super) fn keep(content: Content, shape: &Arc<CollisionShape>) {
    KEPT.keep(content, Arc::clone(shape));
}

fn bytes_of(shape: &CollisionShape) -> usize {
    let pieces = match &shape.kind {
        CollisionKind::Pieces(pieces) => pieces.as_slice(),
        CollisionKind::Primitive(_) | CollisionKind::Convex => &[],
    };
    let lists = pieces.iter().map(|piece| {
        size_of_val(piece) + size_of_val(piece.vertices.as_slice()) + size_of_val(piece.triangles.as_slice())
    });
    size_of::<CollisionShape>() + lists.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decompose::ConvexPiece;

    #[test]
    fn cache_size_counts_every_piece() {
        let piece = ConvexPiece { vertices: vec![[0.0; 3]; 100], triangles: vec![[0; 3]; 200] };
        let kind = CollisionKind::Pieces(vec![piece; 10]);
        let shape = CollisionShape { kind, filled_mm: 0.0, missing_mm: 0.0, tolerance_mm: 0.1 };
        // Ten pieces of 100 corners and 200 triangles.
        assert!(bytes_of(&shape) > 10 * (100 * 24 + 200 * 12), "{} bytes", bytes_of(&shape));
    }

    #[test]
    fn content_covers_every_number() {
        let (vertices, triangles) = ([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[0, 1, 0]]);
        let known = content(&vertices, &triangles, false);
        assert_ne!(content(&[[1.0, 2.0, 3.0 + 1e-12], [4.0, 5.0, 6.0]], &triangles, false), known);
        assert_ne!(content(&vertices, &[[0, 0, 1]], false), known);
        assert_ne!(content(&vertices[..1], &triangles, false), known);
        assert_ne!(content(&vertices, &triangles, true), known);
        assert_eq!(content(&vertices, &triangles, false), known);
    }
}
