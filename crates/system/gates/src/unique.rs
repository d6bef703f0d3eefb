//! Names that may occur once.

use std::collections::HashMap;

/// A repeated name: the name, its first place, and the place of the repetition.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Repeated {
    pub name: String,
    pub first: String,
    pub again: String,
}

/// All repetitions among names with their places, in their order.
pub(crate) fn repeated(names: impl IntoIterator<Item = (String, String)>) -> Vec<Repeated> {
    let mut first_places: HashMap<String, String> = HashMap::new();
    let mut repetitions = Vec::new();
    for (name, place) in names {
        match first_places.get(&name) {
            Some(first) => repetitions.push(Repeated { name, first: first.clone(), again: place }),
            None => {
                first_places.insert(name, place);
            }
        }
    }
    repetitions
}
