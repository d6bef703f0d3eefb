//! Does Python source compile?

use crate::ruff::{Ruff, RuffError, Rules};

/// Rules for what Python refuses to compile although it parses, such as `return` outside of a function. What does
/// not parse is found without a rule. Comments in the source silence neither.
const COMPILE_ERRORS: Rules =
    Rules { select: "F404,F407,F621,F622,F701,F702,F704,F706,F707,PLE0118", ignore: "", noqa: false };

/// The first place at which source does not compile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxFault {
    /// Line, from 1.
    pub line: u32,
    /// What is wrong.
    pub message: String,
}

/// Looks for the first syntax error. Source that is not UTF-8 counts as one, and so does source that nests too deeply
/// for the parser; Python refuses both.
///
/// # Errors
/// The linter, which is the judge, cannot be run.
pub async fn syntax_fault(ruff: &Ruff, source: &[u8]) -> Result<Option<SyntaxFault>, RuffError> {
    if let Some(fault) = encoding_fault(source) {
        return Ok(Some(fault));
    }
    match ruff.check(source, COMPILE_ERRORS).await {
        Ok(findings) => {
            Ok(findings.into_iter().map(|finding| SyntaxFault { line: finding.line, message: finding.message }).next())
        }
        Err(error @ (RuffError::NestedTooDeeply | RuffError::TooLarge(_) | RuffError::TimedOut)) => {
            Ok(Some(SyntaxFault { line: 1, message: error.to_string() }))
        }
        Err(error) => Err(error),
    }
}

/// The first byte of source that is not UTF-8. Scripts are UTF-8 on every route, in the words that the CAD runtime has
/// for it too; a coding cookie that names another encoding changes nothing.
pub fn encoding_fault(source: &[u8]) -> Option<SyntaxFault> {
    let error = std::str::from_utf8(source).err()?;
    let (before, rest) = source.split_at(error.valid_up_to());
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count() as u32;
    let byte = rest.first().copied().unwrap_or_default();
    Some(SyntaxFault { line, message: format!("the source is not UTF-8 (byte 0x{byte:02x}); save it as UTF-8") })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// A tool by its variable, else where `make setup` links it.
    fn tool(variable: &str, name: &str) -> PathBuf {
        let linked = || concat!(env!("CARGO_MANIFEST_DIR"), "/../../../.tools/python/bin/").to_owned() + name;
        std::env::var(variable).unwrap_or_else(|_| linked()).into()
    }

    async fn fault_of(source: &[u8]) -> Option<SyntaxFault> {
        let ruff = Ruff::for_python(tool("RUFF", "ruff"), &tool("CAD_PYTHON", "python")).await;
        let ruff = ruff.expect("the Python environment is there; otherwise run: make setup");
        syntax_fault(&ruff, source).await.expect("ruff runs; otherwise run: make setup")
    }

    #[tokio::test]
    async fn valid_python_of_the_scripts_version_passes() {
        for source in [
            "",
            "x = 1\n",
            "match 1:\n    case [int(), *_] | {'a': 1}:\n        pass\n    case _:\n        pass\n",
            "try:\n    pass\nexcept* ValueError:\n    pass\n",
            "import nothing_there\nundefined + 1\nx = f'{1:{2}}'\nasync def f():\n    await g()\n",
            "if (n := 10) > 5: print(n)\ndef f(a, /, b, *, c): ...\n",
            "print('ß', \"→\")  # ünïcode\n",
        ] {
            assert_eq!(fault_of(source.as_bytes()).await, None, "{source:?}");
        }
    }

    #[tokio::test]
    async fn broken_python_is_found_despite_noqa_comments() {
        for source in [
            "def f(:\n    pass\n",
            "x = (1,\n",
            "if True:\nprint(1)\n",
            "return 1\n",
            "return 1  # noqa\n",
            "# ruff: noqa\nbreak\n",
            "def f(a, a): pass\n",
            "def f():\n    x = 1\n    global x\n",
            "from __future__ import nothing\n",
            "print 'python 2'\n",
            "x = 'open\n",
        ] {
            assert!(fault_of(source.as_bytes()).await.is_some(), "{source:?} passed");
        }
        let fault = fault_of(b"x = 1\ny = )\n").await.expect("a fault");
        assert_eq!(fault.line, 2);
    }

    #[tokio::test]
    async fn unparsable_source_is_a_fault_not_a_failure() {
        let deep = format!("x = {}1\n", "-".repeat(300_000));
        assert!(fault_of(deep.as_bytes()).await.is_some());
        let fault = fault_of(b"x = 1\ny = '\xff'\n").await.expect("a fault");
        assert_eq!(fault.line, 2);
    }
}
