//! Reads the files that agents write, and reports everything that is wrong with them.
//!
//! Bytes in, verdict out: no file, no network, no CAD. One public module per artifact; the `//!` of each lists its
//! rules. For any bytes, the answer comes in bounded time and without a panic, and it lists all broken rules of the
//! file, not only the first. A rule that needs a broken field reports nothing; the field itself is reported.
//!
//! Every artifact has five rules about reading it: `<artifact>.too_large`, `<artifact>.not_utf8`,
//! `<artifact>.control_character`, `<artifact>.line_ends` (CR alone), and `<artifact>.more`, which comes last when
//! there are too many violations to list. YAML, as a file or as frontmatter, has six more:
//!
//! | Rule | Broken when |
//! |---|---|
//! | `.yaml_syntax` | it is not valid YAML, has a key twice, or nests or repeats too much |
//! | `.empty` | it is empty, or not a mapping of fields |
//! | `.missing_field` | a field is missing |
//! | `.wrong_type` | a field holds another kind of value, or too few or too many of them |
//! | `.not_finite` | a number is infinite or not a number |
//! | `.unknown_value` | a field's value is not one of the known words |
//!
//! A refusal of a plan is not a file: it comes as data, and `refusal` judges the reasons. `journal` is still unused,
//! until journals are ingested (INT-051).

pub mod assembly;
mod frontmatter;
pub mod journal;
mod markdown;
mod motion;
mod numbers;
pub mod objectives;
mod placeholders;
pub mod plan;
mod power_supply;
pub mod refusal;
mod report;
pub mod review;
pub mod todo;
mod unique;
mod wording;
mod yaml;

pub use report::MAX_ARTIFACT_BYTES;
