//! Running the outside programs, git and ruff, on what agents wrote: with limits of memory, time and output, a few at a
//! time, and no longer than a caller waits for them.

use std::{io, process::ExitStatus, time::Duration};

use nix::{
    sys::{
        resource::{Resource, setrlimit},
        signal::{Signal, killpg},
    },
    unistd::Pid,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
    sync::watch,
    time::{Instant, timeout, timeout_at},
};

/// How long a program that is asked to end may take to remove its lock files.
const GRACE: Duration = Duration::from_secs(2);
/// Bytes of a program's error output that are kept.
const MAX_COMPLAINT_BYTES: usize = 64 << 10;
const MIB: u64 = 1 << 20;

/// What a program may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Address space, in bytes.
    pub memory_bytes: u64,
    /// Processor time, in seconds.
    pub cpu_seconds: u64,
    /// Largest file that it may write, in bytes.
    pub file_bytes: u64,
    /// Largest output, in bytes.
    pub output_bytes: usize,
}

impl Limits {
    /// 256 MiB of memory, 30 s of processor time, files of 256 MiB, 16 MiB of output.
    pub const GIT: Self =
        Self { memory_bytes: 256 * MIB, cpu_seconds: 30, file_bytes: 256 * MIB, output_bytes: 16 << 20 };
    /// 1 GiB of memory, since it maps much more than it uses, and no file.
    pub const RUFF: Self = Self { memory_bytes: 1024 * MIB, file_bytes: 0, ..Self::GIT };

    /// Makes the command start its program within these limits.
    pub fn bind(self, command: &mut Command) {
        let bind = move || {
            let set = |resource, limit| setrlimit(resource, limit, limit).map_err(io::Error::from);
            set(Resource::RLIMIT_AS, self.memory_bytes)?;
            set(Resource::RLIMIT_CPU, self.cpu_seconds)?;
            set(Resource::RLIMIT_FSIZE, self.file_bytes)?;
            set(Resource::RLIMIT_CORE, 0)
        };
        // SAFETY: it runs between fork and exec, makes system calls only and allocates nothing.
        unsafe { command.pre_exec(bind) };
    }
}

/// The caller that waits for a program's answer. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client(Option<watch::Receiver<()>>);

impl Client {
    /// A client that stays until the sender is dropped.
    pub fn present() -> (watch::Sender<()>, Self) {
        let (sender, receiver) = watch::channel(());
        (sender, Self(Some(receiver)))
    }

    /// The service itself, which always waits.
    pub fn service() -> Self {
        Self(None)
    }

    /// Completes when the client has hung up.
    pub async fn left(&self) {
        match self.0.clone() {
            Some(mut receiver) => while receiver.changed().await.is_ok() {},
            None => std::future::pending().await,
        }
    }
}

/// Why a program was ended, with all that it had started.
#[derive(Debug, thiserror::Error)]
pub enum Cut {
    /// It took too long.
    #[error("it did not finish in time")]
    TimedOut,
    /// It printed too much.
    #[error("it printed more than {} MiB", .0 >> 20)]
    TooMuchOutput(usize),
    /// The caller has left.
    #[error("the client hung up")]
    Abandoned,
    /// Communication with it failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// How a program ended by itself.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code, or the signal.
    pub status: ExitStatus,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it said in error, cut at 64 KiB.
    pub stderr: Vec<u8>,
}

/// Feeds a program, which leads a process group of its own, and reads what it prints, until it ends or has to be ended.
///
/// # Errors
/// See [`Cut`]. The program is then gone.
pub async fn finish(
    mut child: Child,
    input: &[u8],
    limits: Limits,
    deadline: Instant,
    client: &Client,
) -> Result<Finished, Cut> {
    if let Some(id) = child.id() {
        // The kernel takes it before a database when memory runs out. It may have ended by now, which is as good.
        let _ = std::fs::write(format!("/proc/{id}/oom_score_adj"), "1000");
    }
    let group = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
    let talk = talk(&mut child, input, limits.output_bytes);
    let talked = tokio::select! {
        // First: a program whose caller has left is cut off, however quick it was.
        biased;
        () = client.left() => Err(Cut::Abandoned),
        talked = timeout_at(deadline, talk) => talked.unwrap_or(Err(Cut::TimedOut)),
    };
    if talked.is_err() {
        end(&mut child, group).await;
    }
    talked
}

async fn talk(child: &mut Child, input: &[u8], output_bytes: usize) -> Result<Finished, Cut> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let feed = async move {
        if let Some(mut pipe) = stdin {
            // A program that ends before it has read everything says why by its exit code.
            let _ = pipe.write_all(input).await;
        }
        Ok::<(), Cut>(())
    };
    let print = async {
        let read = read_up_to(stdout, output_bytes + 1).await?;
        if read.len() > output_bytes { Err(Cut::TooMuchOutput(output_bytes)) } else { Ok(read) }
    };
    let complain = async {
        let Some(mut pipe) = stderr else { return Ok(Vec::new()) };
        let kept = read_up_to(Some(&mut pipe), MAX_COMPLAINT_BYTES).await?;
        tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await?;
        Ok(kept)
    };
    let ((), stdout, stderr) = tokio::try_join!(feed, print, complain)?;
    Ok(Finished { status: child.wait().await?, stdout, stderr })
}

async fn read_up_to(pipe: Option<impl AsyncRead + Unpin>, limit: usize) -> Result<Vec<u8>, Cut> {
    let mut read = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(limit as u64).read_to_end(&mut read).await?;
    }
    Ok(read)
}

/// First the signal on which a program removes its lock files, then the one that it cannot refuse.
async fn end(child: &mut Child, group: Option<Pid>) {
    // It may have ended in between; then there is nobody to signal.
    if let Some(group) = group {
        let _ = killpg(group, Signal::SIGTERM);
    }
    if timeout(GRACE, child.wait()).await.is_err()
        && let Some(group) = group
    {
        let _ = killpg(group, Signal::SIGKILL);
        let _ = child.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;

    async fn run(script: &str, client: &Client, patience: Duration) -> Result<Finished, Cut> {
        let limits = Limits { output_bytes: 1 << 20, ..Limits::GIT };
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0).kill_on_drop(true);
        limits.bind(&mut command);
        finish(command.spawn().expect("a shell"), b"input", limits, Instant::now() + patience, client).await
    }

    #[tokio::test]
    async fn program_input_and_output_are_piped() {
        let ended = run("cat; echo no >&2; exit 3", &Client::service(), GRACE * 10).await.expect("it ends by itself");
        assert_eq!((ended.status.code(), ended.stdout, ended.stderr), (Some(3), b"input".to_vec(), b"no\n".to_vec()));
    }

    #[tokio::test]
    async fn program_ends_at_each_limit() {
        let (sender, client) = Client::present();
        drop(sender);
        let long = GRACE * 20;
        let abandoned = run("sleep 60", &client, long).await;
        assert!(matches!(abandoned, Err(Cut::Abandoned)), "{abandoned:?}");
        let late = run("sleep 60", &Client::service(), Duration::from_millis(50)).await;
        assert!(matches!(late, Err(Cut::TimedOut)), "{late:?}");
        let loud =
            run("while :; do echo 0123456789012345678901234567890123456789; done", &Client::service(), long).await;
        assert!(matches!(loud, Err(Cut::TooMuchOutput(_))), "{loud:?}");
        // A kibibyte that doubles thirty times is beyond any address space that it may have.
        let greedy = "x=0123456789; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 \
                      29 30; do x=$x$x; done; echo done";
        let greedy = run(greedy, &Client::service(), long).await.expect("it ends by itself");
        assert!(!greedy.status.success() && greedy.stdout.is_empty(), "{greedy:?}");
    }
}
