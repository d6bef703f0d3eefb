//! Where episodes live: Postgres tables for episodes, their transitions, traces, events, checkpoints, reviews and
//! refusals.
//!
//! The crate owns the schema (checked-in migrations, embedded) and the rules that keep it consistent: a terminal state
//! never changes, a batch of events is stored whole or not at all, a phase is recorded once, a review is stored
//! together with its effects. It knows neither HTTP nor Temporal nor workers, nor what makes a review's document valid:
//! the caller judges it.

mod episodes;
mod error;
mod labels;
mod phases;
mod refusals;
mod review_effect;
mod reviews;
mod sweeping;
mod text;
mod traces;

use std::time::Duration;

use sqlx::{PgPool, postgres::PgPoolOptions};

pub use episodes::{NewEpisode, Transition, TransitionOutcome};
pub use error::StoreError;
pub use phases::{Checkpoint, PhaseKey, PhaseRecord, PhaseRecording, PhaseStep, StepRecord};
pub use refusals::RefusalRecording;
pub use reviews::{ReviewRecording, UnderReview};
pub use sweeping::{SweepingTurn, UnsettledEpisode};
pub use traces::NewTrace;

/// Most connections that one process opens.
const MAX_CONNECTIONS: u32 = 10;
/// How long a call waits for a free or new connection.
const ACQUIRE_LIMIT: Duration = Duration::from_secs(5);
/// Pause after the first failed attempt to connect; doubled after each, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Longest pause between two attempts to connect.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Result of a call to the store.
pub type Stored<T> = Result<T, StoreError>;

/// The store; cheap to clone, all clones share one pool.
#[derive(Debug, Clone)]
pub struct EpisodeStore {
    pool: PgPool,
}

impl EpisodeStore {
    /// Connects to `postgres_url`, trying again for up to `patience`, and brings the schema up to date.
    ///
    /// Several processes may do this at once: migrations run under a database-wide lock.
    ///
    /// # Errors
    /// [`StoreError::Connect`] when no connection was made in time, [`StoreError::Migration`] when the schema cannot be
    /// brought up to date.
    pub async fn open(postgres_url: &str, patience: Duration) -> Stored<Self> {
        let pool = connect(postgres_url, patience).await?;
        sqlx::migrate!().run(&pool).await?;
        Ok(Self { pool })
    }

    /// Asks the database for its version; the answer of a readiness probe.
    pub async fn version(&self) -> Stored<String> {
        Ok(sqlx::query_scalar("SELECT version()").fetch_one(&self.pool).await?)
    }
}

async fn connect(postgres_url: &str, patience: Duration) -> Stored<PgPool> {
    let started = tokio::time::Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let options = PgPoolOptions::new().max_connections(MAX_CONNECTIONS).acquire_timeout(ACQUIRE_LIMIT);
        match options.connect(postgres_url).await {
            Ok(pool) => return Ok(pool),
            Err(source) if started.elapsed() + pause >= patience => {
                return Err(StoreError::Connect { waited: started.elapsed(), source });
            }
            Err(error) => {
                tracing::warn!(%error, pause_ms = pause.as_millis(), "Postgres does not answer yet; trying again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}
