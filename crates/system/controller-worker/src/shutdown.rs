//! Signal that this process was asked to end, for code that has to hand work on.

use tokio::sync::watch;

/// Reports whether the process is ending; clones share the state.
#[derive(Debug, Clone)]
pub(crate) struct Shutdown(watch::Receiver<bool>);

/// Begins the shutdown, by [`Begin::now`] or by being dropped.
#[derive(Debug)]
pub(crate) struct Begin(watch::Sender<bool>);

impl Shutdown {
    /// A shutdown that has not begun.
    pub(crate) fn ahead() -> (Begin, Self) {
        let (begin, shutdown) = watch::channel(false);
        (Begin(begin), Self(shutdown))
    }

    /// Whether it has begun.
    pub(crate) fn has_begun(&self) -> bool {
        // The sender is gone only when the process ends.
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Returns as soon as it has begun.
    pub(crate) async fn begun(&self) {
        // An error means that the sender is gone, which means the same.
        self.0.clone().wait_for(|begun| *begun).await.ok();
    }
}

impl Begin {
    /// From now on it has begun.
    pub(crate) fn now(self) {
        self.0.send_replace(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_clone_observes_the_shutdown() {
        let (begin, shutdown) = Shutdown::ahead();
        let other = shutdown.clone();
        assert!(!other.has_begun());
        begin.now();
        other.begun().await;
        assert!(shutdown.has_begun());
    }

    #[tokio::test]
    async fn dropped_sender_starts_the_shutdown() {
        let (begin, shutdown) = Shutdown::ahead();
        drop(begin);
        shutdown.begun().await;
        assert!(shutdown.has_begun());
    }
}
