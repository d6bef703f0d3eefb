//! The S3 server: a file system behind the S3 protocol with checked signatures, in a process of its own so that it can
//! be paused and killed like any other part.

use std::{
    env,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use contract::wiring::variables;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use super::Layout;
use crate::{Service, process::Launch};

/// Name and version of the server, as status and reports show it.
pub(super) const VERSION: &str = "s3s-fs 0.14.1";

/// Hidden subcommand of `stack` that is this server.
pub(crate) const SUBCOMMAND: &str = "serve-object-store";

/// Runs the server.
pub(super) fn launch(layout: &Layout) -> Launch {
    // The supervisor's own program, even after a new build replaced its file.
    let mut launch = layout.plain_launch(Service::ObjectStore, PathBuf::from("/proc/self/exe"));
    launch.arguments = vec![
        SUBCOMMAND.into(),
        "--listen".into(),
        layout.address(Service::ObjectStore).into(),
        "--root".into(),
        layout.directory.join("objects").into(),
    ];
    // By environment, since command lines are visible to every user of the machine.
    let store = &layout.object_store;
    launch.environment.push((variables::S3_ACCESS_KEY.to_owned(), store.access_key.clone().into()));
    launch.environment.push((variables::S3_SECRET_KEY.to_owned(), store.secret_key.clone().into()));
    launch
}

/// Serves the folder `root` until SIGTERM; keys come from the environment.
pub(crate) fn serve(listen: SocketAddr, root: &Path) -> anyhow::Result<()> {
    tracing_subscriber::fmt().json().flatten_event(true).with_max_level(tracing::Level::INFO).init();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no async runtime")?;
    runtime.block_on(run(listen, root))
}

async fn run(listen: SocketAddr, root: &Path) -> anyhow::Result<()> {
    let key = |name: &str| env::var(name).with_context(|| format!("{name} is not set; the server checks signatures"));
    let auth = SimpleAuth::from_single(key(variables::S3_ACCESS_KEY)?, key(variables::S3_SECRET_KEY)?);
    let store = FileSystem::new(root)
        .map_err(|error| anyhow::anyhow!("cannot keep objects in {}: {error:?}", root.display()))?;
    let mut service = S3ServiceBuilder::new(store);
    service.set_auth(auth);
    let service = service.build();

    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    tracing::info!(address = %listen, "listening");
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, as a rule; connections that end will give some back.
                tracing::error!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let service = service.clone();
        tokio::spawn(async move {
            let builder = Builder::new(TokioExecutor::new());
            if let Err(error) = builder.serve_connection(TokioIo::new(stream), service).await {
                tracing::debug!(%error, "a connection failed");
            }
        });
    }
    tracing::info!("stopped");
    Ok(())
}
