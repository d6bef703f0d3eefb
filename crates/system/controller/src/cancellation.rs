//! Cancels the workflow of an episode that was ended by something else.

use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;
use workflows::Frontend;

/// How long to retry during an outage of Temporal. A workflow that is not cancelled by then ends with its script, whose
/// result is no longer stored.
const PATIENCE: Duration = Duration::from_mins(5);
/// Pause between two tries.
const PAUSE: Duration = Duration::from_secs(2);

/// Cancels the workflow of an episode that was deleted or that a review ended, and with it the script that runs. The
/// caller's request is answered meanwhile: the episode has ended whether Temporal can be reached or not.
pub(crate) fn cancel_in_background(frontend: Frontend, episode_id: Uuid, reason: &'static str) {
    tokio::spawn(async move {
        let begun = Instant::now();
        loop {
            match frontend.cancel_episode(episode_id, reason).await {
                Ok(()) => return tracing::info!(%episode_id, reason, "workflow cancelled"),
                Err(error) if error.is_outage() && begun.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
                Err(error) => return tracing::warn!(%episode_id, %error, "the workflow was not cancelled"),
            }
        }
    });
}
