//! The command line of `setup`.

use clap::Parser;

use crate::component::Name;

const EXAMPLES: &str = "\
Examples:
  make setup                                  find or install everything, then link it into this checkout
  cargo run -p toolbox --bin setup -- --check look only: what is there, what is missing; exit status 1 if anything is
  cargo run -p toolbox --bin setup -- --only mujoco --only python
                                              these components alone

Where things are kept:
  $PROVING_GROUND_CACHE, else $XDG_CACHE_HOME/proving-ground, else ~/.cache/proving-ground
  one directory per tool and version, logs of installations under logs/; remove a directory to install it anew

To use a program of your own instead, set one of
  POSTGRES_BIN_DIR, TEMPORAL_CLI, CAD_PYTHON, RUFF, FFMPEG, MUJOCO_LIB_DIR, CARGO_NEXTEST, BUBBLEWRAP";

/// Finds or installs the outside programs that this project needs.
#[derive(Debug, Parser)]
#[command(name = "setup", after_help = EXAMPLES)]
pub struct Arguments {
    /// Only report what is there and what is missing; change nothing.
    #[arg(long)]
    pub check: bool,

    /// Only this component; may be repeated.
    #[arg(long, value_name = "NAME")]
    pub only: Vec<Name>,

    /// While anything is installed, build the tests of this package already; may be repeated.
    #[arg(long, value_name = "PACKAGE")]
    pub build: Vec<String>,

    /// Print nothing when everything is in place.
    #[arg(long)]
    pub quiet: bool,
}
