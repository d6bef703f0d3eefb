//! One clause of a requirement, and what shows it.

use serde::{Deserialize, Serialize};

/// A part of a requirement that can be broken by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Clause {
    /// What a stack must do.
    pub says: String,
    /// What shows that it does.
    #[serde(flatten)]
    pub shown: Shown,
}

/// How far a clause is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Shown {
    /// By a test that turns red when the behaviour is broken.
    Proven {
        /// Function in the id's file.
        test: String,
        /// Patch in `defects/`, without its ending.
        defect: String,
    },
    /// By a test that no defect has been tried against.
    Unproven {
        /// Function in the id's file.
        test: String,
        /// Why there is no defect.
        unproven: String,
    },
    /// Not at all.
    Missing {
        /// What is missing for it.
        missing: String,
    },
}

impl Clause {
    /// The function that shows it.
    pub fn test(&self) -> Option<&str> {
        match &self.shown {
            Shown::Proven { test, .. } | Shown::Unproven { test, .. } => Some(test),
            Shown::Missing { .. } => None,
        }
    }

    /// The patch that proves the test.
    pub fn defect(&self) -> Option<&str> {
        match &self.shown {
            Shown::Proven { defect, .. } => Some(defect),
            Shown::Unproven { .. } | Shown::Missing { .. } => None,
        }
    }

    /// What shows it, in a few words.
    pub fn evidence(&self) -> String {
        match &self.shown {
            Shown::Proven { test, defect } => format!("{test}, proven by {defect}"),
            Shown::Unproven { test, unproven } => format!("{test}, without a defect: {unproven}"),
            Shown::Missing { missing } => format!("not shown: {missing}"),
        }
    }
}

/// A clause as it is written in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    says: String,
    test: Option<String>,
    defect: Option<String>,
    unproven: Option<String>,
    missing: Option<String>,
}

impl TryFrom<Written> for Clause {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { says, test, defect, unproven, missing } = written;
        let shown = match (test, defect, unproven, missing) {
            (Some(test), Some(defect), None, None) => Shown::Proven { test, defect },
            (Some(test), None, Some(unproven), None) => Shown::Unproven { test, unproven },
            (None, None, None, Some(missing)) => Shown::Missing { missing },
            _ => {
                return Err(format!("the clause {says:?} has `test` with `defect` or `unproven`, or `missing` alone"));
            }
        };
        Ok(Self { says, shown })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clause_is_proven_unproven_or_missing() {
        let read = |yaml: &str| serde_yaml::from_str::<Clause>(yaml);
        assert_eq!(read("{says: s, test: t, defect: d}").unwrap().evidence(), "t, proven by d");
        assert_eq!(read("{says: s, test: t, unproven: u}").unwrap().evidence(), "t, without a defect: u");
        assert_eq!(read("{says: s, missing: m}").unwrap().evidence(), "not shown: m");
        for wrong in ["{says: s}", "{says: s, test: t}", "{says: s, defect: d}", "{says: s, test: t, missing: m}"] {
            let error = read(wrong).unwrap_err().to_string();
            assert!(error.contains("`missing` alone"), "{wrong}: {error}");
        }
    }
}
