//! Reads what agents write, and says everything that is wrong with it.
//!
//! Bytes in, verdict out: no file, no network, no CAD. One public module per artifact; the `//!` of each lists its
//! rules. Whatever the bytes are, the answer comes in bounded time and without a panic, and it holds all broken rules
//! of the file, not the first. A rule that needs a field which is broken itself stays silent; the field is reported.
//!
//! Every artifact has five rules of its reading: `<artifact>.too_large`, `<artifact>.not_utf8`,
//! `<artifact>.control_character`, `<artifact>.line_ends` (CR alone), and `<artifact>.more`, which stands last when so much is wrong that the rest is left out. YAML, as a file or as
//! frontmatter, has six more:
//!
//! | Rule | Broken when |
//! |---|---|
//! | `.yaml_syntax` | it is no YAML, has a key twice, or nests or repeats too much |
//! | `.empty` | it holds nothing, or no mapping of fields |
//! | `.missing_field` | a field is not there |
//! | `.wrong_type` | a field holds another kind of value, or too few or too many of them |
//! | `.not_finite` | a number is infinite or not a number |
//! | `.unknown_value` | a field holds a word that is not among the known ones |
//!
//! A refusal of a plan is no file: it comes as data, and `refusal` judges the reasons. Nobody calls `journal` yet; it
//! waits for the ingestion of journals (INT-051).

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
