//! The ids of the specification and the tier that each belongs to.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// When a test has to pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, clap::ValueEnum)]
pub enum Tier {
    /// Before every merge.
    P0,
    /// Every night.
    P1,
    /// Every week, and before a release.
    P2,
}

impl Tier {
    /// All tiers, the most urgent first.
    pub const ALL: [Self; 3] = [Self::P0, Self::P1, Self::P2];

    /// Name in lower case, as used in paths: `tests-p0/tests/p0`.
    pub fn path_name(self) -> &'static str {
        match self {
            Self::P0 => "p0",
            Self::P1 => "p1",
            Self::P2 => "p2",
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::P0 => "P0",
            Self::P1 => "P1",
            Self::P2 => "P2",
        })
    }
}

/// Integration ids by tier.
const INTEGRATION: [(Tier, &[RangeInclusive<u16>]); 3] = [
    (Tier::P0, &[1..=30, 53..=56, 61..=63, 101..=112, 120..=128]),
    (Tier::P1, &[31..=45, 57..=60, 64..=69, 131..=141]),
    (Tier::P2, &[46..=52, 151..=156]),
];

/// Orchestration ids; all of them are P0.
const ORCHESTRATION: RangeInclusive<u16> = 1..=16;

/// The id of one requirement, such as `INT-020` or `ORC-07`. Only ids of the specification can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequirementId(Number);

/// Integration sorts before orchestration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Number {
    Integration(u16),
    Orchestration(u16),
}

/// A text that is not an id of the specification.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no id of the specification: expected INT- with three digits \
     (001-069, 101-112, 120-128, 131-141, 151-156) or ORC- with two (01-16)"
)]
pub struct UnknownId(String);

impl RequirementId {
    /// Every id of the specification, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        let mut integration: Vec<u16> =
            INTEGRATION.iter().flat_map(|(_, ranges)| ranges.iter().cloned().flatten()).collect();
        integration.sort_unstable();
        let integration = integration.into_iter().map(|number| Self(Number::Integration(number)));
        integration.chain(ORCHESTRATION.map(|number| Self(Number::Orchestration(number))))
    }

    /// The tier that the specification puts this id in.
    pub fn tier(self) -> Tier {
        match self.0 {
            Number::Orchestration(_) => Tier::P0,
            Number::Integration(number) => INTEGRATION
                .iter()
                .find(|(_, ranges)| ranges.iter().any(|range| range.contains(&number)))
                .map(|(tier, _)| *tier)
                .expect("an id is only made when its number lies in one of the ranges"),
        }
    }

    /// True for `ORC-…`.
    pub fn is_orchestration(self) -> bool {
        matches!(self.0, Number::Orchestration(_))
    }

    /// Name of the test module, and with `.rs` of its file: `int_020`, `orc_07`.
    pub fn module_name(self) -> String {
        self.to_string().to_lowercase().replace('-', "_")
    }

    /// The id that a test module is named after.
    ///
    /// # Errors
    /// [`UnknownId`] when the name is not exactly that of an id's module.
    pub fn from_module_name(name: &str) -> Result<Self, UnknownId> {
        name.to_uppercase()
            .replace('_', "-")
            .parse()
            .ok()
            .filter(|id: &Self| id.module_name() == name)
            .ok_or_else(|| UnknownId(name.to_owned()))
    }
}

impl fmt::Display for RequirementId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Number::Integration(number) => write!(formatter, "INT-{number:03}"),
            Number::Orchestration(number) => write!(formatter, "ORC-{number:02}"),
        }
    }
}

impl FromStr for RequirementId {
    type Err = UnknownId;

    fn from_str(text: &str) -> Result<Self, UnknownId> {
        Self::all().find(|id| id.to_string().eq_ignore_ascii_case(text)).ok_or_else(|| UnknownId(text.to_owned()))
    }
}

impl TryFrom<String> for RequirementId {
    type Error = UnknownId;

    fn try_from(text: String) -> Result<Self, UnknownId> {
        text.parse()
    }
}

impl From<RequirementId> for String {
    fn from(id: RequirementId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_requirement_ids_are_present_and_sorted() {
        let ids: Vec<_> = RequirementId::all().collect();
        assert_eq!(ids.len(), 107 + 16);
        assert!(ids.is_sorted());
    }

    #[test]
    fn text_and_module_name_parse_back_to_the_id() {
        for id in RequirementId::all() {
            assert_eq!(id.to_string().parse(), Ok(id));
            assert_eq!(RequirementId::from_module_name(&id.module_name()), Ok(id));
        }
    }

    #[test]
    fn near_misses_are_refused() {
        for text in ["INT-20", "INT-070", "INT-113", "ORC-17", "ORC-007", "int_020", ""] {
            assert_eq!(text.parse::<RequirementId>(), Err(UnknownId(text.to_owned())));
        }
        for name in ["int_20", "INT_020", "int-020", "orc_17"] {
            assert_eq!(RequirementId::from_module_name(name), Err(UnknownId(name.to_owned())));
        }
    }
}
