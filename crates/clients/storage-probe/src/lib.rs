//! Looks into a stack's database and object store and asks after Temporal, and never changes anything.
//!
//! Tests act over HTTP; what they did must also show here. The database session is read-only by the server's own
//! setting, so that a probe cannot repair what it should have found broken.

mod database;
mod grpc_health;
mod object_store;
mod reviews;

pub use database::{Database, EpisodeRow, TransitionRow};
pub use grpc_health::{ServingStatus, grpc_health};
pub use object_store::ObjectStore;
pub use reviews::{PlanRefusalRow, ReviewRow};
