//! Work that continues when its caller has left.

use service::ServiceError;
use tracing::Instrument;

/// Does work to its end even when the caller leaves: git, say, would otherwise leave its locks behind.
pub async fn run_detached<T, W>(work: W) -> Result<T, ServiceError>
where
    T: Send + 'static,
    W: Future<Output = Result<T, ServiceError>> + Send + 'static,
{
    tokio::spawn(work.in_current_span()).await.map_err(|error| {
        ServiceError::internal(&anyhow::Error::new(error).context("the work panicked or was cancelled"))
    })?
}
