//! Service logs: where they are, windows of them, and their lines understood far enough to find errors.

use std::{
    fs,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

use serde::{Deserialize, Serialize};

use crate::Service;

/// A place in the log of a part: everything written later comes after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogMark {
    /// Whose log.
    pub service: Service,
    /// Bytes from its beginning.
    pub offset: u64,
}

/// How severe a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LogLevel {
    /// Everything.
    Trace,
    /// For finding mistakes.
    Debug,
    /// What happens.
    Info,
    /// What should be looked at.
    Warn,
    /// What went wrong.
    Error,
}

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Its severity, where it names one.
    pub level: Option<LogLevel>,
    /// Its message; the whole line where it is not JSON.
    pub message: String,
    /// The line as it was written.
    pub raw: String,
}

impl LogLine {
    /// Understands a line as a JSON object with level and message, else as text with a level word near its beginning.
    pub fn parse(raw: &str) -> Self {
        let fields = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(raw).ok();
        let Some(fields) = fields else {
            let words = raw.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
            // A date, a time and a process id come first in Postgres' lines.
            let level = words.take(14).find_map(level_word);
            return Self { level, message: raw.to_owned(), raw: raw.to_owned() };
        };
        let text = |names: &[&str]| names.iter().find_map(|name| fields.get(*name).and_then(|value| value.as_str()));
        Self {
            level: text(&["level", "severity"]).and_then(|word| level_word(&word.to_uppercase())),
            message: text(&["message", "msg", "event"]).unwrap_or(raw).to_owned(),
            raw: raw.to_owned(),
        }
    }
}

fn level_word(word: &str) -> Option<LogLevel> {
    match word {
        "TRACE" => Some(LogLevel::Trace),
        "DEBUG" => Some(LogLevel::Debug),
        "INFO" | "LOG" | "NOTICE" => Some(LogLevel::Info),
        "WARN" | "WARNING" => Some(LogLevel::Warn),
        "ERROR" | "FATAL" | "PANIC" | "CRITICAL" => Some(LogLevel::Error),
        _ => None,
    }
}

/// Length of a log in bytes; 0 when it does not exist yet.
pub(crate) fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |file| file.len())
}

/// Whole lines behind `offset`; a line that is still being written is left out. Also gives the offset behind them.
pub(crate) fn lines_since(path: &Path, offset: u64) -> std::io::Result<(Vec<String>, u64)> {
    let mut file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((Vec::new(), offset)),
        Err(error) => return Err(error),
    };
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    let text = String::from_utf8_lossy(&bytes[..whole]);
    Ok((text.lines().map(str::to_owned).collect(), offset + whole as u64))
}

/// The last lines of a log, an unfinished one included.
pub fn tail(path: &Path, count: usize) -> Vec<String> {
    const WINDOW: u64 = 256 * 1024;
    let start = length(path).saturating_sub(WINDOW);
    let Ok(mut file) = fs::File::open(path) else { return Vec::new() };
    let mut bytes = Vec::new();
    if file.seek(SeekFrom::Start(start)).and_then(|_| file.read_to_end(&mut bytes)).is_err() {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].iter().map(|line| (*line).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_line_gives_level_and_message() {
        let line = LogLine::parse(r#"{"timestamp":"t","level":"ERROR","message":"broken","target":"x"}"#);
        assert_eq!((line.level, line.message.as_str()), (Some(LogLevel::Error), "broken"));
        let line = LogLine::parse(r#"{"time":"t","level":"warn","msg":"slow"}"#);
        assert_eq!((line.level, line.message.as_str()), (Some(LogLevel::Warn), "slow"));
    }

    #[test]
    fn text_line_gives_its_level_word() {
        let line = LogLine::parse("2026-11-21 12:00:00.000 UTC [42] FATAL:  no room");
        assert_eq!(line.level, Some(LogLevel::Error));
        assert_eq!(LogLine::parse("an ordinary sentence about an error").level, None);
    }
}
