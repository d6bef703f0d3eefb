//! What can go wrong in the store.

use std::time::Duration;

use uuid::Uuid;

/// Why a call to the store failed. After any of these nothing of the call has been stored.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such episode (any more).
    #[error("episode {0} does not exist")]
    UnknownEpisode(Uuid),
    /// The database never answered.
    #[error("Postgres did not answer within {:.0} s; check POSTGRES_URL and whether the server runs", waited.as_secs_f64())]
    Connect {
        /// How long it was tried.
        waited: Duration,
        /// What the last attempt said.
        source: sqlx::Error,
    },
    /// The schema could not be brought up to date.
    #[error("the database schema cannot be brought up to date")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The database refused a call or failed during it.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl StoreError {
    /// True when the database could not be reached or gave no connection in time: the same call may work later.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Connect { .. } => true,
            Self::Database(error) => match error {
                sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
                // Class 57: the server is starting, stopping or was told to end the session; 53: out of resources.
                sqlx::Error::Database(refused) => {
                    refused.code().is_some_and(|code| code.starts_with("57P") || code.starts_with("53"))
                }
                _ => false,
            },
            Self::UnknownEpisode(_) | Self::Migration(_) => false,
        }
    }
}
