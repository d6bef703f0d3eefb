//! How the warm parent is started: inside bubblewrap where that works, else directly.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use crate::CadRuntimeError;
use crate::config::{Bubblewrap, CadRuntimeConfig, Mount};
use crate::interpreter::Interpreter;
use crate::run_directory::HOME;

/// System folders and files that an interpreter and its libraries read.
const SYSTEM_PATHS: [&str; 9] =
    ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/fonts", "/etc/localtime"];
const START: &str = "import sys; sys.path.insert(0, sys.argv.pop(1)); from runtime.warm_parent import main; main()";

/// Everything needed to start warm parents repeatedly; all paths are free of symbolic links.
#[derive(Debug, Clone)]
pub(crate) struct LaunchPlan {
    interpreter: Interpreter,
    package_dir: PathBuf,
    sandbox_library: PathBuf,
    agent_tools_library: Option<PathBuf>,
    pub(crate) sessions_dir: PathBuf,
    pub(crate) runs_dir: PathBuf,
    total_memory_bytes: u64,
    mounts: Vec<Mount>,
    bubblewrap: Option<PathBuf>,
}

impl LaunchPlan {
    /// Checks the configuration against the machine and decides whether bubblewrap is used.
    pub(crate) fn prepare(config: &CadRuntimeConfig, runs_dir: &Path) -> Result<Self, CadRuntimeError> {
        let interpreter = Interpreter::discover(&config.python)?;
        let package_dir = existing("package_dir", &config.package_dir, "Set CAD_PACKAGE_DIR to the Python package")?;
        let sessions_dir = existing("sessions_dir", &config.sessions_dir, "Create the folder first")?;
        let mut mounts = Vec::new();
        for mount in &config.mounts {
            if mount.name.is_empty() || mount.name.contains('/') || mount.name.starts_with('.') {
                return Err(CadRuntimeError::Configuration {
                    setting: "mounts",
                    problem: format!("'{}' is not a plain folder name", mount.name),
                    remedy: "Use a name such as `config`",
                });
            }
            let source = existing("mounts", &mount.source, "Create the folder, or remove the mount")?;
            mounts.push(Mount { name: mount.name.clone(), source });
        }
        let sandbox_library = match &config.sandbox_library {
            Some(path) => existing("sandbox_library", path, "Build the crate `sandbox`")?,
            None => find_library("libsandbox.so").map_err(|problem| CadRuntimeError::Configuration {
                setting: "sandbox_library",
                problem,
                remedy: "Build the crate `sandbox`, or set the path",
            })?,
        };
        let agent_tools_library = match &config.agent_tools_library {
            Some(path) => Some(existing("agent_tools_library", path, "Build the crate `agent-tools`")?),
            None => find_library("libagent_tools.so")
                .inspect_err(|problem| tracing::info!(%problem, "scripts have no agent tools"))
                .ok(),
        };
        let mut plan = Self {
            interpreter,
            package_dir,
            sandbox_library,
            agent_tools_library,
            sessions_dir,
            runs_dir: runs_dir.canonicalize().map_err(CadRuntimeError::file("resolve", runs_dir))?,
            total_memory_bytes: config.limits.total_memory_bytes,
            mounts,
            bubblewrap: None,
        };
        match config.bubblewrap {
            Bubblewrap::Never => plan.warn_without_bubblewrap("it is switched off"),
            Bubblewrap::WhenItWorks => match plan.working_bubblewrap() {
                Ok(program) => plan.bubblewrap = Some(program),
                Err(reason) => plan.warn_without_bubblewrap(&reason),
            },
        }
        Ok(plan)
    }

    /// True when bubblewrap is used.
    pub(crate) fn has_bubblewrap(&self) -> bool {
        self.bubblewrap.is_some()
    }

    /// The read-only folders as scripts see them, such as `/config`.
    pub(crate) fn mount_points(&self) -> Vec<PathBuf> {
        self.mounts.iter().map(|mount| Path::new("/").join(&mount.name)).collect()
    }

    /// What every script may read.
    pub(crate) fn readable_paths(&self) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = SYSTEM_PATHS.iter().map(PathBuf::from).collect();
        paths.extend(self.interpreter.folders.iter().cloned());
        paths.push(self.package_dir.clone());
        paths.extend(self.mount_points());
        paths
    }

    /// The command that starts a warm parent, with an environment that contains nothing of the service's.
    pub(crate) fn command(&self, probe_policy: &sandbox::Policy) -> Command {
        let arguments = serde_json::json!({
            "sandbox_library": self.sandbox_library,
            "agent_tools_library": self.agent_tools_library,
            "runs_dir": self.runs_dir,
            "total_memory_bytes": self.total_memory_bytes,
            "probe_policy": probe_policy,
        });
        let mut command = self.python_command();
        command.args(["-I", "-B", "-X", "utf8", "-c", START]).arg(&self.package_dir).arg(arguments.to_string());
        command
    }

    fn python_command(&self) -> Command {
        let mut command = match &self.bubblewrap {
            Some(program) => {
                let mut command = Command::new(program);
                command.args(self.bubblewrap_arguments()).arg("--").arg(&self.interpreter.program);
                command
            }
            None => Command::new(&self.interpreter.program),
        };
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LANG", "C.UTF-8")
            // A dependency of the CAD library fails at import without it.
            .env("HOME", self.runs_dir.join(HOME))
            .current_dir("/")
            // Ctrl-C at a terminal is for the service, which then ends this process in order.
            .process_group(0);
        command
    }

    /// Finds bubblewrap and tries it with the same arguments as in a real run.
    fn working_bubblewrap(&self) -> Result<PathBuf, String> {
        let program = std::env::var_os("PATH")
            .into_iter()
            .flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>())
            .map(|folder| folder.join("bwrap"))
            .find(|candidate| candidate.is_file())
            .ok_or("there is no `bwrap` on PATH (package bubblewrap)")?;
        let attempt = Self { bubblewrap: Some(program.clone()), ..self.clone() };
        let output = attempt
            .python_command()
            .args(["-I", "-S", "-c", "open('/proc/self/status').close()"])
            .stdin(Stdio::null())
            .output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(program)
        } else {
            Err(format!("`bwrap` failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr).trim()))
        }
    }

    /// A root with the system and the environment read-only, the mounts, and the sessions.
    fn bubblewrap_arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = Vec::new();
        let mut add = |words: &[&std::ffi::OsStr]| arguments.extend(words.iter().map(|word| (*word).to_owned()));
        for flag in ["--unshare-all", "--die-with-parent", "--new-session"] {
            add(&[flag.as_ref()]);
        }
        add(&["--cap-drop".as_ref(), "ALL".as_ref()]);
        for path in SYSTEM_PATHS {
            // Merged systems have /lib and friends as links into /usr.
            match std::fs::read_link(path) {
                Ok(target) if !path.starts_with("/etc") => {
                    add(&["--symlink".as_ref(), target.as_os_str(), path.as_ref()]);
                }
                _ => add(&["--ro-bind-try".as_ref(), path.as_ref(), path.as_ref()]),
            }
        }
        add(&["--dev".as_ref(), "/dev".as_ref(), "--proc".as_ref(), "/proc".as_ref()]);
        add(&["--tmpfs".as_ref(), "/tmp".as_ref()]);
        let libraries = [&self.sandbox_library].into_iter().chain(&self.agent_tools_library);
        let read_only = self.interpreter.folders.iter().chain([&self.package_dir]).chain(libraries);
        for path in read_only.filter(|path| !path.starts_with("/usr")) {
            add(&["--ro-bind".as_ref(), path.as_os_str(), path.as_os_str()]);
        }
        for path in [&self.sessions_dir, &self.runs_dir] {
            add(&["--bind".as_ref(), path.as_os_str(), path.as_os_str()]);
        }
        for (mount, point) in self.mounts.iter().zip(self.mount_points()) {
            add(&["--ro-bind".as_ref(), mount.source.as_os_str(), point.as_os_str()]);
        }
        add(&["--chdir".as_ref(), "/".as_ref()]);
        arguments
    }

    fn warn_without_bubblewrap(&self, reason: &str) {
        tracing::warn!(
            reason,
            "scripts run without bubblewrap: Landlock, seccomp and resource limits hold, but names and sizes of files \
             outside a session can be probed, and the network and process namespaces are the service's own"
        );
        for (mount, point) in self.mounts.iter().zip(self.mount_points()) {
            if !point.is_dir() {
                tracing::warn!(
                    mount = %point.display(), source = %mount.source.display(),
                    "scripts will not find this read-only folder: without bubblewrap it must exist under that path"
                );
            }
        }
    }
}

fn existing(setting: &'static str, path: &Path, remedy: &'static str) -> Result<PathBuf, CadRuntimeError> {
    path.canonicalize().map_err(|error| CadRuntimeError::Configuration {
        setting,
        problem: format!("{} cannot be opened: {error}", path.display()),
        remedy,
    })
}

/// Services have their libraries beside them or in `deps/`, tests one folder up as well. Where cargo left several with
/// the same name, the newest was built with this program. The error lists the searched folders.
fn find_library(name: &str) -> Result<PathBuf, String> {
    let program = std::env::current_exe().map_err(|error| format!("own program is unknown: {error}"))?;
    let folder = program.parent().unwrap_or(Path::new("/"));
    let modified =
        |path: &Path| path.metadata().and_then(|metadata| metadata.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    [folder.join(name), folder.join("deps").join(name), folder.join("..").join(name)]
        .into_iter()
        .filter(|candidate| candidate.is_file())
        .max_by_key(|candidate| modified(candidate))
        .and_then(|found| found.canonicalize().ok())
        .ok_or_else(|| format!("{name} is neither in {0} nor in {0}/deps nor one folder up", folder.display()))
}
