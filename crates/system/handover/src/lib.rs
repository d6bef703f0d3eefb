//! Handing work over: from planner to coder, from benchmark to engineering, from coder to reviewer.
//!
//! The crate holds the order of the gates, the receipts of what passed which check, and what may not change after a
//! hand-over. A [`Workshop`] knows where files are and how a design is built, priced and exported; the crate knows no
//! CAD library, no physics and no HTTP.

mod baseline;
mod built;
mod checks;
mod content;
mod documents;
#[cfg(test)]
mod fake_workshop;
mod file_receipts;
mod handed_over;
mod likeness;
mod message;
mod plan;
mod receipts;
mod recognition;
mod refusal;
#[cfg(test)]
mod sample_part;
mod submit;
mod take_over;
mod workshop;

pub use baseline::hold_to_baseline;
pub use built::{Built, NotBuilt};
pub use checks::missing_price;
pub use content::{DecidingFiles, content_key, sha256};
pub use documents::{Documents, PLAN_FILE, TODO_FILE};
pub use file_receipts::FileReceipts;
pub use handed_over::HandedOver;
pub use likeness::Likeness;
pub use message::message;
pub use plan::{costing, submit_plan};
pub use receipts::{
    ContentNote, PlanRecord, Priced, Receipts, SessionNote, SessionReceipts, Simulated, Submitted, Validated,
};
pub use recognition::{Recognised, keep as keep_parts};
pub use refusal::Refusal;
pub use submit::submit;
pub use take_over::take_over;
pub use workshop::{Files, Repriced, Workshop, deciding_files};
