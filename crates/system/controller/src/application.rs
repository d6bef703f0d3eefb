//! What the handlers share, and how a failure of the store reads to a caller.

use episode_store::{EpisodeStore, StoreError};
use service::ServiceError;
use workflows::Frontend;

use crate::catalogue_file::CatalogueFile;

/// Shared by all handlers.
#[derive(Clone)]
pub(crate) struct Application {
    pub(crate) store: EpisodeStore,
    pub(crate) frontend: Frontend,
    /// The parts catalogue.
    pub(crate) catalogue: CatalogueFile,
    /// Episodes may be made for tests.
    pub(crate) is_integration_test: bool,
}

/// The answer for a failed call to the store: 404 for an unknown episode, 503 when the database does not answer,
/// 500 for anything else.
pub(crate) fn store_error(error: StoreError) -> ServiceError {
    match error {
        StoreError::UnknownEpisode(id) => ServiceError::not_found(format!("Episode not found: {id}")),
        error if error.is_outage() => {
            let cause = format!("{:#}", anyhow::Error::new(error));
            tracing::warn!(cause, "the database does not answer");
            ServiceError::unavailable(format!("{cause}; nothing was stored, try again later"))
        }
        error => ServiceError::internal(&anyhow::Error::new(error)),
    }
}
