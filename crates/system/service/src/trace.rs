//! The trace that a request belongs to, as its `traceparent` header says (W3C Trace Context).

use tokio::task_local;

task_local! {
    static TRACE_ID: Option<String>;
}

/// The trace of the request that this task answers; nothing where the caller named none, and in tasks that a request only
/// started.
pub fn trace_id() -> Option<String> {
    TRACE_ID.try_with(Clone::clone).ok().flatten()
}

/// Answers a request that belongs to a trace.
pub(crate) async fn within<T>(trace_id: Option<String>, answering: impl Future<Output = T>) -> T {
    TRACE_ID.scope(trace_id, answering).await
}

/// The trace in a `traceparent` header, `version-trace-parent-flags`; nothing in one that is not valid.
pub(crate) fn id_of(traceparent: &str) -> Option<String> {
    let [version, trace, parent, flags] = traceparent.split('-').collect::<Vec<_>>()[..] else { return None };
    let is_hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit))
    };
    let is_valid = is_hex(version, 2) && version != "ff" && is_hex(trace, 32) && is_hex(parent, 16) && is_hex(flags, 2);
    let is_set = |text: &str| text.bytes().any(|digit| digit != b'0');
    (is_valid && is_set(trace) && is_set(parent)).then(|| trace.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_valid_traceparent_names_a_trace() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(id_of(&format!("00-{id}-00f067aa0ba902b7-01")).as_deref(), Some(id));
        let zeros = "0".repeat(32);
        for wrong in [
            format!("00-{zeros}-00f067aa0ba902b7-01"),
            format!("00-{id}-0000000000000000-01"),
            format!("ff-{id}-00f067aa0ba902b7-01"),
            format!("00-{}-00f067aa0ba902b7-01", id.to_uppercase()),
            format!("00-{id}-01"),
            String::new(),
        ] {
            assert_eq!(id_of(&wrong), None, "{wrong}");
        }
    }

    #[tokio::test]
    async fn trace_belongs_to_its_own_request() {
        assert_eq!(trace_id(), None);
        let (one, two) = tokio::join!(
            within(Some("a".into()), async {
                tokio::task::yield_now().await;
                trace_id()
            }),
            within(None, async { trace_id() })
        );
        assert_eq!((one.as_deref(), two), (Some("a"), None));
    }
}
