//! The event file of a session: scripts append to it, and a run hands over its content.
//!
//! Events belong to the run that wrote them. So the caller that runs a script first discards what an earlier run left,
//! one that was cancelled or whose worker died, and takes the events when the script has ended, all under the session's
//! lock.

use std::io::{self, BufRead, BufReader, Read};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_std::fs::OpenOptions;
use contract::events::{EVENTS_FILE, mark_as_script};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{FileError, Workspace};

/// Bytes of the file that are read; lines after them count as malformed.
const MAX_EVENT_BYTES: u64 = 32 * 1024 * 1024;

/// Content of the event file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TakenEvents {
    /// The events, in the order of the file, each marked as a script's own.
    pub events: Vec<Map<String, Value>>,
    /// Lines that are not a JSON object, and lines beyond what is read. Blank lines do not count.
    pub malformed: u64,
}

impl Workspace {
    /// Takes away what is left of the event file of an earlier run. Call it under the session's lock, before a script
    /// runs.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn discard_events(&self) -> Result<(), FileError> {
        let left = self.take_events()?;
        if left != TakenEvents::default() {
            let TakenEvents { events, malformed } = left;
            tracing::warn!(events = events.len(), malformed, "events of an abandoned run were discarded");
        }
        Ok(())
    }

    /// Reads and removes the event file. Call it under the session's lock, right after the run that wrote it, so
    /// that each run gets its own events; the file leaves the workspace in one step, so even without the lock no
    /// event is handed out twice or lost.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn take_events(&self) -> Result<TakenEvents, FileError> {
        let fail = |source| FileError::from_io("read", EVENTS_FILE, source);
        let taken = format!("{}.jsonl", Uuid::new_v4());
        match self.root().rename(EVENTS_FILE, self.incoming().dir(), &taken) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(TakenEvents::default()),
            renamed => renamed.map_err(fail)?,
        }
        let metadata = self.incoming().dir().symlink_metadata(&taken).map_err(fail)?;
        if !metadata.is_file() {
            // A folder or a link in the file's place holds no events of ours, and must not stay in their way.
            self.incoming().remove(&taken).map_err(fail)?;
            return Ok(TakenEvents { events: Vec::new(), malformed: 1 });
        }
        let options = OpenOptions::new().read(true).nonblock(true).follow(FollowSymlinks::No).clone();
        let file = self.incoming().dir().open_with(&taken, &options).map_err(fail)?;
        let events = parse(BufReader::new(file)).map_err(fail)?;
        self.incoming().dir().remove_file(&taken).map_err(fail)?;
        Ok(events)
    }
}

fn parse(mut lines: impl BufRead) -> io::Result<TakenEvents> {
    let mut taken = TakenEvents::default();
    let mut left = MAX_EVENT_BYTES;
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut lines).take(left).read_until(b'\n', &mut line)? as u64;
        left -= read;
        if read == 0 {
            break;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match serde_json::from_slice(&line) {
            Ok(mut event) => {
                mark_as_script(&mut event);
                taken.events.push(event);
            }
            Err(_) => taken.malformed += 1,
        }
    }
    taken.malformed += lines.split(b'\n').try_fold(0, |count, line| line.map(|_| count + 1))?;
    Ok(taken)
}
