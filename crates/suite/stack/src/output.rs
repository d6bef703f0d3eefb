//! Output to a reader: one that has left, as `head` does, is not a reason to fail.

use std::io::{self, Write};

use anyhow::Context;

/// Nobody reads standard output any more. A command that only prints then ends silently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nobody reads the output any more")]
pub(crate) struct ReaderLeft;

/// Writes lines to standard output.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    write_to(&mut io::stdout().lock(), text)
}

fn write_to(output: &mut impl Write, text: &str) -> anyhow::Result<()> {
    match writeln!(output, "{text}").and_then(|()| output.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(ReaderLeft.into()),
        other => other.context("cannot write to standard output"),
    }
}

/// Writes lines to standard error. A missing reader cannot be reported.
pub(crate) fn tell(text: &str) {
    writeln!(io::stderr().lock(), "{text}").ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_reader_is_distinguished_from_a_full_disk() {
        let (reader, mut writer) = io::pipe().unwrap();
        drop(reader);
        assert!(write_to(&mut writer, "x").unwrap_err().is::<ReaderLeft>());
        let mut full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        assert!(!write_to(&mut full, "x").unwrap_err().is::<ReaderLeft>());
    }
}
