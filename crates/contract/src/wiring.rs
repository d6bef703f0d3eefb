//! How the parts of a stack are addressed: environment variables, ports, queues, buckets.

/// Environment variables through which any program is aimed at a stack.
pub mod variables {
    /// Base URL of the controller.
    pub const CONTROLLER_URL: &str = "CONTROLLER_URL";
    /// Base URL of the light worker.
    pub const WORKER_LIGHT_URL: &str = "WORKER_LIGHT_URL";
    /// Base URL of the heavy worker.
    pub const WORKER_HEAVY_URL: &str = "WORKER_HEAVY_URL";
    /// Base URL of the controller's Temporal worker (health and ready only).
    pub const CONTROLLER_WORKER_URL: &str = "CONTROLLER_WORKER_URL";
    /// The key that controller routes ask for.
    pub const CONTROLLER_API_KEY: &str = "CONTROLLER_API_KEY";
    /// The secret that worker routes ask for; without it workers are open to whoever reaches them.
    pub const WORKER_TOKEN: &str = "WORKER_TOKEN";
    /// Origins of web pages that may call a service, separated by commas (`https://example.com`); none by default.
    pub const ALLOWED_ORIGINS: &str = "ALLOWED_ORIGINS";
    /// Host names with a dot under which a service may be addressed, separated by commas. Addresses, `localhost` and
    /// names without a dot are always allowed.
    pub const ALLOWED_HOSTS: &str = "ALLOWED_HOSTS";
    /// `postgresql://…` of the stack's database.
    pub const POSTGRES_URL: &str = "POSTGRES_URL";
    /// Endpoint of the object store.
    pub const S3_ENDPOINT: &str = "S3_ENDPOINT";
    /// Access key of the object store.
    pub const S3_ACCESS_KEY: &str = "S3_ACCESS_KEY";
    /// Secret key of the object store.
    pub const S3_SECRET_KEY: &str = "S3_SECRET_KEY";
    /// Bucket for assets.
    pub const ASSET_S3_BUCKET: &str = "ASSET_S3_BUCKET";
    /// `true` lets the controller make episodes for tests (`POST /test/episodes`); with anything else it refuses.
    pub const IS_INTEGRATION_TEST: &str = "IS_INTEGRATION_TEST";
    /// `host:port` of Temporal's frontend.
    pub const TEMPORAL_URL: &str = "TEMPORAL_URL";
    /// Directory that holds one folder per session; light and heavy worker share it.
    pub const WORKER_SESSIONS_DIR: &str = "WORKER_SESSIONS_DIR";
    /// Directory in which heavy workers note what passed which check; out of reach of sessions and scripts.
    pub const WORKER_RECORDS_DIR: &str = "WORKER_RECORDS_DIR";
    /// Database file of the catalogue of bought parts.
    pub const CATALOG_DB: &str = "CATALOG_DB";
    /// Folder of the read-only mounts that every session sees.
    pub const WORKER_MOUNTS_DIR: &str = "WORKER_MOUNTS_DIR";
    /// Python package that runs scripts for workers.
    pub const CAD_PACKAGE_DIR: &str = "CAD_PACKAGE_DIR";
    /// Whether a worker starts its Python process at once or on first use.
    pub const CAD_WARM_UP: &str = "CAD_WARM_UP";
    /// The linter's program, for light workers.
    pub const RUFF: &str = "RUFF";
    /// The program that encodes videos, for heavy workers.
    pub const FFMPEG: &str = "FFMPEG";
    /// What serves the backend `genesis` of a heavy worker.
    pub const GENESIS_PROVIDER: &str = "GENESIS_PROVIDER";
    /// `address:port` on which a service listens.
    pub const LISTEN_ADDRESS: &str = "LISTEN_ADDRESS";
    /// Python interpreter with build123d.
    pub const CAD_PYTHON: &str = "CAD_PYTHON";
    /// `json` for one JSON object a log line.
    pub const LOG_FORMAT: &str = "LOG_FORMAT";
    /// Smallest level that is logged.
    pub const LOG_LEVEL: &str = "LOG_LEVEL";
}

/// The fixed ports of a stack started with `--standard-ports`.
pub mod standard_ports {
    /// Controller.
    pub const CONTROLLER: u16 = 18000;
    /// Light worker.
    pub const WORKER_LIGHT: u16 = 18001;
    /// Heavy worker.
    pub const WORKER_HEAVY: u16 = 18002;
    /// Temporal worker of the controller.
    pub const CONTROLLER_WORKER: u16 = 18003;
    /// Postgres.
    pub const POSTGRES: u16 = 15432;
    /// Object store.
    pub const S3: u16 = 19000;
    /// Temporal frontend.
    pub const TEMPORAL: u16 = 17233;
}

/// Temporal task queue that the controller's worker polls for what takes moments: decisions of workflows, short writes.
pub const EPISODE_QUEUE: &str = "simulation-task-queue";
/// Temporal task queue that the controller's worker polls for runs of scripts. Runs wait here, where waiting costs
/// nothing, and never in front of the short tasks of [`EPISODE_QUEUE`].
pub const SCRIPT_QUEUE: &str = "script-task-queue";
/// Temporal task queue that heavy workers poll.
pub const HEAVY_QUEUE: &str = "heavy-tasks-queue";
/// Temporal namespace of the stack.
pub const TEMPORAL_NAMESPACE: &str = "default";
/// Activity type of a simulation on the heavy queue.
pub const HEAVY_SIMULATION_ACTIVITY: &str = "worker_run_simulation";
/// Bucket for assets unless `ASSET_S3_BUCKET` says otherwise.
pub const DEFAULT_ASSET_BUCKET: &str = "problemologist";

/// Folders that every session sees at its root and nobody may write.
pub const READ_ONLY_MOUNTS: [&str; 4] = ["utils", "skills", "reviews", "config"];
