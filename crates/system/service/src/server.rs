//! The listening side: connections with limits on their number and on how long a caller may take to ask.
//!
//! A connection costs a file descriptor whether it asks for anything or not. So a request's head must come within
//! [`Limits::head`], which also ends connections that stay idle between requests, and a service keeps at most
//! [`Limits::connections`]. When these are all taken, the one that has been idle for longest gives way to a new caller;
//! while none is idle, new callers wait in the operating system's queue.

use std::{
    collections::BTreeMap,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, body::Body, extract::Request, response::Response};
use hyper::{
    body::{Bytes, Frame, Incoming, SizeHint},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, Semaphore},
    task::JoinSet,
};
use tower::ServiceExt;
use tower_http::timeout::TimeoutBody;

/// How long a connection that has to close may take to send the end of its last answer.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Pause after the operating system refused a connection, for lack of descriptors say.
const AFTER_REFUSAL: Duration = Duration::from_millis(200);

/// What a service grants its callers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Longest time from the connection, or from the answer before, to the end of a request's head.
    pub(crate) head: Duration,
    /// Longest pause between two pieces of a request's body.
    pub(crate) body_pause: Duration,
    /// Most connections at a time.
    pub(crate) connections: usize,
}

impl Limits {
    /// Half of the descriptors that this process may have: the others are for files, programs and the database.
    pub(crate) fn of_this_process() -> Self {
        let descriptors = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE);
        let descriptors = descriptors.map_or(1024, |(soft, _)| soft);
        let connections = usize::try_from(descriptors / 2).unwrap_or(usize::MAX).clamp(16, 2048);
        Self { head: Duration::from_secs(20), body_pause: Duration::from_secs(20), connections }
    }
}

/// One connection, as the others see it.
#[derive(Debug, Default)]
struct Connection {
    /// Requests whose answer is not complete.
    in_flight: AtomicU64,
    /// When it became idle, as a count of such moments.
    idle_since: AtomicU64,
    close: Notify,
}

/// All connections of a service.
#[derive(Debug, Default)]
struct Connections {
    open: Mutex<BTreeMap<u64, Arc<Connection>>>,
    moments: AtomicU64,
    became_idle: Notify,
}

impl Connections {
    fn add(self: &Arc<Self>) -> Entry {
        let number = self.moments.fetch_add(1, Ordering::SeqCst);
        let connection = Arc::new(Connection { idle_since: number.into(), ..Connection::default() });
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(number, Arc::clone(&connection));
        Entry { connections: Arc::clone(self), number, connection }
    }

    /// Tells the connection that has been idle for longest to close.
    fn close_idlest(&self) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = open.values().filter(|connection| connection.in_flight.load(Ordering::SeqCst) == 0);
        if let Some(idlest) = idle.min_by_key(|connection| connection.idle_since.load(Ordering::SeqCst)) {
            idlest.close.notify_one();
        }
    }
}

/// A connection's place among the others, given back when it is dropped.
#[derive(Debug)]
struct Entry {
    connections: Arc<Connections>,
    number: u64,
    connection: Arc<Connection>,
}

impl Entry {
    fn is_idle(&self) -> bool {
        self.connection.in_flight.load(Ordering::SeqCst) == 0
    }

    fn begin(&self) -> InFlight {
        self.connection.in_flight.fetch_add(1, Ordering::SeqCst);
        InFlight { connections: Arc::clone(&self.connections), connection: Arc::clone(&self.connection) }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.connections.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
    }
}

/// A request until the last byte of its answer was handed over.
#[derive(Debug)]
struct InFlight {
    connections: Arc<Connections>,
    connection: Arc<Connection>,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let moment = self.connections.moments.fetch_add(1, Ordering::SeqCst);
        self.connection.idle_since.store(moment, Ordering::SeqCst);
        self.connection.in_flight.fetch_sub(1, Ordering::SeqCst);
        self.connections.became_idle.notify_one();
    }
}

/// A body that reports when it was sent or given up.
struct Tracked {
    body: Body,
    _in_flight: InFlight,
}

impl hyper::body::Body for Tracked {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Serves until `stop` completes, then lets running requests end.
pub(crate) async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: impl Future<Output = ()>) {
    let slots = Arc::new(Semaphore::new(limits.connections));
    let connections = Arc::new(Connections::default());
    let (stopping, stopped) = tokio::sync::watch::channel(false);
    let mut tasks = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        // The results of connections that ended are not needed.
        while tasks.try_join_next().is_some() {}
        let stream = tokio::select! {
            stream = accept(&listener) => stream,
            () = &mut stop => break,
        };
        let slot = loop {
            if let Ok(slot) = Arc::clone(&slots).try_acquire_owned() {
                break Some(slot);
            }
            connections.close_idlest();
            tokio::select! {
                slot = Arc::clone(&slots).acquire_owned() => break slot.ok(),
                () = connections.became_idle.notified() => {}
                () = &mut stop => break None,
            }
        };
        let Some(slot) = slot else { break };
        let (entry, router, mut stopped) = (connections.add(), router.clone(), stopped.clone());
        tasks.spawn(async move {
            let _slot = slot;
            let told = async { stopped.wait_for(|stopped| *stopped).await.map_or((), |_| ()) };
            converse(stream, router, &entry, limits, told).await;
        });
    }
    drop(listener);
    stopping.send_replace(true);
    while tasks.join_next().await.is_some() {}
}

/// The next caller. What the operating system refuses is tried again.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(AFTER_REFUSAL).await;
            }
        }
    }
}

/// Answers the requests of one connection until it ends or has to close.
async fn converse(stream: TcpStream, router: Router, entry: &Entry, limits: Limits, told: impl Future<Output = ()>) {
    // Answers are small and awaited: they leave at once.
    stream.set_nodelay(true).ok();
    let answer = service_fn(|request: Request<Incoming>| {
        let in_flight = entry.begin();
        let answered = router.clone().oneshot(request.map(|body| Body::new(TimeoutBody::new(limits.body_pause, body))));
        async move {
            let response: Response = answered.await.unwrap_or_else(|never| match never {});
            Ok::<_, std::convert::Infallible>(response.map(|body| Tracked { body, _in_flight: in_flight }))
        }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head)
            .serve_connection(TokioIo::new(stream), answer)
    );
    tokio::select! {
        ended = connection.as_mut() => {
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            }
            return;
        }
        () = entry.connection.close.notified() => {}
        () = told => {}
    }
    connection.as_mut().graceful_shutdown();
    loop {
        if tokio::time::timeout(LAST_WORDS, connection.as_mut()).await.is_ok() || entry.is_idle() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        sync::oneshot,
    };

    use super::*;

    const LIMITS: Limits =
        Limits { head: Duration::from_mins(10), body_pause: Duration::from_mins(10), connections: 4 };
    const QUESTION: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

    struct Served {
        address: std::net::SocketAddr,
        stop: oneshot::Sender<()>,
        ended: tokio::task::JoinHandle<()>,
    }

    async fn serving(router: Router, limits: Limits) -> Served {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let stopped = async move { drop(stopped.await) };
        Served { address, stop, ended: tokio::spawn(serve(listener, router, limits, stopped)) }
    }

    async fn ask(stream: &mut TcpStream) -> String {
        stream.write_all(QUESTION).await.expect("asked");
        let mut answer = vec![0; 4096];
        let read = stream.read(&mut answer).await.expect("an answer");
        String::from_utf8_lossy(&answer[..read]).into_owned()
    }

    fn hello() -> Router {
        Router::new().route("/", get(|| async { "hello" }))
    }

    #[tokio::test]
    async fn incomplete_request_times_out() {
        let limits = Limits { head: Duration::from_millis(300), ..LIMITS };
        let served = serving(hello(), limits).await;
        let silent = TcpStream::connect(served.address).await.expect("connected");
        let mut slow = TcpStream::connect(served.address).await.expect("connected");
        slow.write_all(&QUESTION[..20]).await.expect("half a request");
        for mut stream in [silent, slow] {
            // Ends when the service closes: of an open connection this reads for ever.
            stream.read_to_end(&mut Vec::new()).await.ok();
        }
    }

    #[tokio::test]
    async fn incomplete_body_times_out() {
        let limits = Limits { body_pause: Duration::from_millis(300), ..LIMITS };
        let echo = axum::routing::post(|body: String| async { body });
        let served = serving(Router::new().route("/", echo), limits).await;
        let mut stream = TcpStream::connect(served.address).await.expect("connected");
        let head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf";
        stream.write_all(head).await.expect("half a request");
        let mut answer = [0; 64];
        let read = stream.read(&mut answer).await.expect("an answer");
        assert!(answer[..read].starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer));
    }

    #[tokio::test]
    async fn idle_connections_are_closed_for_new_ones() {
        let limits = LIMITS;
        let served = serving(hello(), limits).await;
        let mut idle = Vec::new();
        for _ in 0..limits.connections {
            idle.push(TcpStream::connect(served.address).await.expect("connected"));
        }
        for _ in 0..3 * limits.connections {
            let mut caller = TcpStream::connect(served.address).await.expect("connected");
            assert!(ask(&mut caller).await.ends_with("hello"));
            idle.push(caller);
        }
        let mut first = idle.swap_remove(0);
        assert_eq!(first.read(&mut [0; 8]).await.ok(), Some(0), "the oldest idle connection stayed");
    }

    #[tokio::test]
    async fn running_request_is_answered_before_shutdown() {
        let (began, beginning) = oneshot::channel();
        let (release, released) = oneshot::channel::<()>();
        let gate = Arc::new(Mutex::new(Some((began, released))));
        let slow = get(move || {
            let gate = gate.lock().expect("free").take();
            async move {
                let (began, released) = gate.expect("one call");
                began.send(()).expect("the test listens");
                released.await.expect("the test says when");
                "late"
            }
        });
        let served = serving(Router::new().route("/", slow), LIMITS).await;
        let _idle = TcpStream::connect(served.address).await.expect("connected");
        let mut caller = TcpStream::connect(served.address).await.expect("connected");
        let asking = tokio::spawn(async move { ask(&mut caller).await });
        beginning.await.expect("the request has begun");
        served.stop.send(()).expect("it serves");
        assert!(!served.ended.is_finished());
        release.send(()).expect("the request waits");
        assert!(asking.await.expect("no panic").ends_with("late"));
        served.ended.await.expect("no panic");
    }
}
