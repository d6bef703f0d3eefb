//! Collision shapes that were made before, by the whole content of their mesh.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use sha2::{Digest, Sha256};

use super::{CollisionKind, CollisionShape};

/// Most bytes of shapes that are kept; the oldest go first.
const MAX_BYTES: usize = 64 << 20;

/// SHA-256 of a mesh.
pub(super) type MeshDigest = [u8; 32];

static KEPT: Mutex<Kept> = Mutex::new(Kept { shapes: VecDeque::new(), bytes: 0 });

struct Kept {
    shapes: VecDeque<(MeshDigest, Arc<CollisionShape>)>,
    bytes: usize,
}

impl Kept {
    fn keep(&mut self, digest: MeshDigest, shape: &Arc<CollisionShape>, max_bytes: usize) {
        let size = bytes_of(shape);
        // Two calls may have made the same shape side by side.
        if size > max_bytes || self.shapes.iter().any(|(known, _)| *known == digest) {
            return;
        }
        self.shapes.push_back((digest, Arc::clone(shape)));
        self.bytes += size;
        while self.bytes > max_bytes {
            let Some((_, oldest)) = self.shapes.pop_front() else { break };
            self.bytes -= bytes_of(&oldest);
        }
    }
}

/// Hash of all that a collision shape depends on: every number of the mesh, with the length of both lists, and whether
/// the body may roll.
pub(super) fn digest(vertices: &[[f64; 3]], triangles: &[[u32; 3]], may_roll: bool) -> MeshDigest {
    let mut hash = Sha256::new();
    hash.update([u8::from(may_roll)]);
    hash.update((vertices.len() as u64).to_le_bytes());
    vertices.iter().flatten().for_each(|value| hash.update(value.to_le_bytes()));
    hash.update((triangles.len() as u64).to_le_bytes());
    triangles.iter().flatten().for_each(|index| hash.update(index.to_le_bytes()));
    hash.finalize().into()
}

pub(super) fn get(digest: &MeshDigest) -> Option<Arc<CollisionShape>> {
    let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.shapes.iter().find(|(known, _)| known == digest).map(|(_, shape)| Arc::clone(shape))
}

pub(super) fn keep(digest: MeshDigest, shape: &Arc<CollisionShape>) {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner).keep(digest, shape, MAX_BYTES);
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
    fn kept_shapes_stay_within_their_bytes() {
        let piece = ConvexPiece { vertices: vec![[0.0; 3]; 100], triangles: vec![[0; 3]; 200] };
        let kind = CollisionKind::Pieces(vec![piece; 10]);
        let shape = Arc::new(CollisionShape { kind, filled_mm: 0.0, missing_mm: 0.0, tolerance_mm: 0.1 });
        let size = bytes_of(&shape);
        // Ten pieces of 100 corners and 200 triangles.
        assert!(size > 10 * (100 * 24 + 200 * 12), "{size} bytes");
        let mut kept = Kept { shapes: VecDeque::new(), bytes: 0 };
        for place in 0..20 {
            kept.keep([place; 32], &shape, 5 * size);
        }
        assert_eq!((kept.shapes.len(), kept.bytes), (5, 5 * size));
        assert_eq!(kept.shapes.front().map(|(digest, _)| digest[0]), Some(15), "the oldest go first");
        kept.keep([99; 32], &shape, size / 2);
        assert_eq!(kept.shapes.len(), 5, "a shape larger than all of the room is not kept");
    }

    #[test]
    fn digest_covers_every_number() {
        let (vertices, triangles) = ([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[0, 1, 0]]);
        let known = digest(&vertices, &triangles, false);
        assert_ne!(digest(&[[1.0, 2.0, 3.0 + 1e-12], [4.0, 5.0, 6.0]], &triangles, false), known);
        assert_ne!(digest(&vertices, &[[0, 0, 1]], false), known);
        assert_ne!(digest(&vertices[..1], &triangles, false), known);
        assert_ne!(digest(&vertices, &triangles, true), known);
        assert_eq!(digest(&vertices, &triangles, false), known);
    }
}
