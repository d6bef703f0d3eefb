//! A cache of results that took long to compute, keyed by the whole content that they were computed from.
//!
//! A result may be kept only if it follows from that content alone. The key is a hash of all of it and of nothing
//! else: no name, no path, no session.
//!
//! What it must not know: what is computed.

use std::sync::Arc;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use sha2::{Digest as _, Sha256};

/// Size of a usual result, which decides how many places are made at the start.
const USUAL_BYTES: u64 = 64 << 10;

/// SHA-256 of what a result was computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Content([u8; 32]);

impl Content {
    /// Hashes all fields in order. Each goes in with its length, so that no two lists of fields are alike.
    pub fn of<Field: AsRef<[u8]>>(fields: impl IntoIterator<Item = Field>) -> Self {
        let mut hash = Sha256::new();
        for field in fields {
            let field = field.as_ref();
            hash.update((field.len() as u64).to_le_bytes());
            hash.update(field);
        }
        Self(hash.finalize().into())
    }
}

/// Results, up to a number of bytes. The least useful go first, and one that is larger than all of the room is not kept.
#[derive(Debug)]
pub struct Kept<Value>(Cache<Content, Arc<Value>, Bytes<Value>>);

impl<Value> Kept<Value> {
    /// Room for `max_bytes`, of which a result takes `bytes_of`.
    pub fn with_room(max_bytes: u64, bytes_of: fn(&Value) -> usize) -> Self {
        // One shard: more would each have a part of the room, too little for a large result.
        let options = OptionsBuilder::new()
            .shards(1)
            .estimated_items_capacity((max_bytes / USUAL_BYTES).max(1) as usize)
            .weight_capacity(max_bytes)
            .build()
            .expect("all that has no default is given");
        let (hash, lifecycle) = (DefaultHashBuilder::default(), DefaultLifecycle::default());
        Self(Cache::with_options(options, Bytes(bytes_of), hash, lifecycle))
    }

    /// The result for this content, if it is still there.
    pub fn get(&self, content: &Content) -> Option<Arc<Value>> {
        self.0.get(content)
    }

    /// Keeps a result. Of two for the same content, made side by side, the later one stays.
    pub fn keep(&self, content: Content, value: Arc<Value>) {
        self.0.insert(content, value);
    }
}

/// Weighs a result by the memory that it takes.
#[derive(Debug)]
struct Bytes<Value>(fn(&Value) -> usize);

// Derived, it would ask for values that can be cloned.
impl<Value> Clone for Bytes<Value> {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

impl<Value> Weighter<Content, Arc<Value>> for Bytes<Value> {
    fn weight(&self, _: &Content, value: &Arc<Value>) -> u64 {
        // A result of weight 0 would never be evicted.
        self.0(value).max(1) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_results_stay_within_the_byte_budget() {
        let kept: Kept<Vec<u8>> = Kept::with_room(10_000, Vec::len);
        let content = |number: u32| Content::of([number.to_le_bytes()]);
        for number in 0..100 {
            kept.keep(content(number), Arc::new(vec![0; 1_000]));
        }
        let found = (0..100).filter(|number| kept.get(&content(*number)).is_some()).count();
        assert!((1..=10).contains(&found), "{found} results of 1,000 bytes in 10,000");
        kept.keep(content(200), Arc::new(vec![0; 20_000]));
        assert!(kept.get(&content(200)).is_none(), "a result larger than all of the room is not kept");
    }

    #[test]
    fn large_result_is_kept_if_it_fits() {
        let kept: Kept<Vec<u8>> = Kept::with_room(10_000, Vec::len);
        kept.keep(Content::of(["large"]), Arc::new(vec![7; 9_000]));
        assert_eq!(kept.get(&Content::of(["large"])).map(|value| value.len()), Some(9_000));
    }

    #[test]
    fn content_covers_every_byte_and_border() {
        let known = Content::of(["shapes", "labels"]);
        assert_eq!(Content::of(["shapes", "labels"]), known);
        assert_ne!(Content::of(["shapeS", "labels"]), known);
        assert_ne!(Content::of(["shapesl", "abels"]), known);
        assert_ne!(Content::of(["shapes", "labels", ""]), known);
        assert_ne!(Content::of(["labels", "shapes"]), known);
    }
}
