//! Messages to the workflow of an episode.

use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;
use workflows::{Frontend, FrontendError, Reviewed};

/// How long to retry during an outage of Temporal. A workflow that learns nothing by then ends with its script, whose
/// result is not stored when the episode has ended.
const PATIENCE: Duration = Duration::from_mins(5);
/// Pause between two tries.
const PAUSE: Duration = Duration::from_secs(2);

/// What a workflow is told.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Message {
    /// A review of this round is stored.
    Reviewed { round: u32 },
    /// The episode was deleted, and its script need not go on.
    Deleted,
}

impl Message {
    async fn deliver(self, frontend: &Frontend, episode_id: Uuid) -> Result<(), FrontendError> {
        match self {
            Self::Reviewed { round } => frontend.signal(episode_id, Reviewed, round).await,
            Self::Deleted => frontend.cancel(episode_id, "the episode was deleted").await,
        }
    }
}

/// Tells the workflow of an episode something. The caller's request is answered meanwhile: what happened is stored,
/// whether Temporal can be reached or not.
pub(crate) fn tell_in_background(frontend: Frontend, episode_id: Uuid, message: Message) {
    tokio::spawn(async move {
        let begun = Instant::now();
        loop {
            match message.deliver(&frontend, episode_id).await {
                Ok(()) => return tracing::info!(%episode_id, told = ?message, "workflow told"),
                Err(error) if error.is_outage() && begun.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
                Err(error) => {
                    return tracing::warn!(%episode_id, untold = ?message, %error, "the workflow was not told");
                }
            }
        }
    });
}
