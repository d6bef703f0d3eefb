//! The components, one file each: how it is recognised, how it is installed, what to do when that fails.

mod mujoco;
mod nextest;
mod packages;
mod postgres;
mod python;
mod python_interpreter;
mod system;
mod temporal;
mod wheel;

pub use mujoco::MujocoLibrary;
pub use nextest::Nextest;
pub use postgres::PostgresServer;
pub use python::PythonEnvironment;
pub use system::SystemPackages;
pub use temporal::TemporalCli;

/// The first three-part version in `text`, such as `1.5.1` in `temporal version 1.5.1 (Server 1.29.1)`.
///
/// A suffix such as `-rc.1` is ignored; a version of two parts gets a zero.
fn version_in(text: &str) -> Option<[u32; 3]> {
    text.split(|character: char| !(character.is_ascii_digit() || character == '.')).find_map(|word| {
        let mut parts = word.trim_matches('.').split('.').map(str::parse::<u32>);
        let (major, minor) = (parts.next()?.ok()?, parts.next()?.ok()?);
        Some([major, minor, parts.next().and_then(Result::ok).unwrap_or(0)])
    })
}

/// The version that a pin of this crate spells; pins are checked by a test.
fn pinned(pin: &str) -> [u32; 3] {
    version_in(pin).unwrap_or([u32::MAX; 3])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_parsed_from_program_output() {
        assert_eq!(version_in("cargo-nextest 0.9.151 (3f1a 2026-01-02)"), Some([0, 9, 151]));
        assert_eq!(version_in("postgres (PostgreSQL) 15.18 (Debian 15.18-0)"), Some([15, 18, 0]));
        assert_eq!(version_in("temporal version 1.6.0-rc.1"), Some([1, 6, 0]));
        assert_eq!(version_in("no version 7"), None);
    }

    #[test]
    fn pins_are_versions() {
        for pin in [toolbox::pins::NEXTEST, toolbox::pins::TEMPORAL, toolbox::pins::MUJOCO] {
            assert_ne!(pinned(pin), [u32::MAX; 3], "{pin}");
        }
    }
}
