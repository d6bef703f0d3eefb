//! Matches each part of a design with a checked part.

use std::sync::atomic::AtomicBool;

use contract::session::SessionId;
use design::{Design, part_hash};

use crate::{
    built::Built,
    likeness::Likeness,
    receipts::{Receipts, SessionReceipts},
};

/// The parts of a design as the session's checks know them.
#[derive(Debug, Default)]
pub struct Recognised {
    /// Hash of each part in the design's order: of the checked part that it is, else its own.
    pub hashes: Vec<String>,
    /// How parts differ from those of the same label that were checked last, one sentence each.
    pub moved: Vec<String>,
}

impl Recognised {
    /// Compares all parts with those that the session's checks have kept.
    ///
    /// When `cancel` is set meanwhile, the answer is not valid.
    pub fn of(
        design: &Design,
        receipts: &impl Receipts,
        session: &SessionId,
        cancel: &AtomicBool,
    ) -> anyhow::Result<Self> {
        let mut recognised = Self::default();
        for part in &design.parts {
            let known = receipts.likenesses(session, &part.label)?;
            let own = if known.is_empty() { None } else { Likeness::of(part) };
            let hash = match own {
                Some(own) => known
                    .iter()
                    .find(|(_, checked)| checked.is_like(&own, cancel))
                    .map(|(hash, _)| hash.clone())
                    .or_else(|| {
                        recognised.moved.push(format!("part {:?}: {}", part.label, known[0].1.difference(&own)));
                        None
                    }),
                None => None,
            };
            recognised.hashes.push(hash.unwrap_or_else(|| part_hash(part)));
        }
        Ok(recognised)
    }
}

/// Keeps the parts of a design that was checked, under their hashes, so that a later build of them is recognised.
///
/// # Errors
/// A receipt cannot be written.
pub async fn keep<R: Receipts>(receipts: &SessionReceipts<R>, built: Built) -> anyhow::Result<Built> {
    let keeping = receipts.blocking(move |receipts, session| {
        keep_parts(&built.design, &built.part_hashes, receipts, session)?;
        Ok(built)
    });
    keeping.await
}

fn keep_parts(design: &Design, hashes: &[String], receipts: &impl Receipts, session: &SessionId) -> anyhow::Result<()> {
    for (part, hash) in design.parts.iter().zip(hashes) {
        receipts.keep_likeness(session, &part.label, hash, || Likeness::of(part))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use contract::execution::BoundingBox;
    use design::Geometry;

    use super::*;
    use crate::{file_receipts::FileReceipts, sample_part::cuboid};

    /// The caller stays.
    static NEVER: AtomicBool = AtomicBool::new(false);

    #[test]
    fn small_differences_do_not_add_up() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let receipts = FileReceipts::new(folder.path()).expect("a folder can be made");
        let session: SessionId = "mine".parse().expect("valid");
        let build = |height: f64| Design {
            parts: vec![cuboid([20.0, 30.0, height], false)],
            bounding_box: BoundingBox { min: [0.0; 3], max: [20.0, 30.0, height] },
            interferences: Vec::new(),
            notes: Vec::new(),
            geometry: Geometry::default(),
            stdout: String::new(),
            stderr: String::new(),
        };
        let recognised = |height: f64| Recognised::of(&build(height), &receipts, &session, &NEVER).expect("read");
        let checked = recognised(10.0);
        assert_eq!(checked.moved, Vec::<String>::new(), "nothing was checked before");
        for step in 0..4 {
            let height = 10.0 + 0.000_08 * f64::from(step);
            let again = recognised(height);
            assert_eq!(again.hashes == checked.hashes, step < 2, "{height} mm");
            assert_eq!(again.moved.is_empty(), step < 2, "{height} mm: {:?}", again.moved);
            // A part that is recognised is not kept a second time, so it is never what the next one is compared with.
            if step < 2 {
                keep_parts(&build(height), &again.hashes, &receipts, &session).expect("kept");
            }
        }
        let other: SessionId = "other".parse().expect("valid");
        assert_ne!(Recognised::of(&build(10.000_01), &receipts, &other, &NEVER).expect("read").hashes, checked.hashes);
    }
}
