//! `POST /lint`: findings of the linter, sorted into errors and warnings.

use axum::{Json, extract::State};
use contract::execution::{LintFinding, LintRequest, LintResponse};
use service::{Answer, ServiceError, Session, Valid};
use sessions::FileError;

use crate::{
    ruff::{Finding, RuffError, Rules},
    source_syntax::encoding_fault,
    worker::Worker,
};

/// Errors of style and logic, warnings, and likely bugs. The line length is a matter of taste that costs an agent a
/// turn and wins nothing.
const RULES: Rules = Rules { select: "E,F,W,B", ignore: "E501", noqa: true };
/// Code for source that does not parse, as pycodestyle calls it: by the first letter of its code a finding is an
/// error or a warning, and the linter gives this one no code.
const SYNTAX_ERROR: &str = "E999";
/// Code for source that cannot be read, as pycodestyle calls it.
const UNREADABLE: &str = "E902";

/// `POST /lint`
pub async fn lint(
    State(worker): State<Worker>,
    Session(session): Session,
    Valid(request): Valid<LintRequest>,
) -> Answer<Json<LintResponse>> {
    let source = match (request.content, request.path) {
        (Some(content), _) => content.into_bytes(),
        (None, None) => {
            return Ok(Json(refused(UNREADABLE, "neither path nor content is given; one of them is needed".into())));
        }
        (None, Some(path)) => {
            let read = move |workspace: &sessions::Workspace| match workspace.read_bytes(&path) {
                Err(error @ (FileError::NotFound { .. } | FileError::IsDirectory { .. })) => Ok(Err(error.to_string())),
                read => read.map(Ok),
            };
            match worker.sessions.in_workspace(&session, read).await? {
                Ok(source) => source,
                Err(message) => return Ok(Json(refused(UNREADABLE, message))),
            }
        }
    };
    if let Some(fault) = encoding_fault(&source) {
        let error = LintFinding { code: UNREADABLE.to_owned(), message: fault.message, line: fault.line, column: 1 };
        return Ok(Json(LintResponse { success: false, errors: vec![error], warnings: Vec::new() }));
    }
    match worker.ruff.check(&source, RULES).await {
        Ok(findings) => Ok(Json(sorted(findings))),
        Err(error @ RuffError::NestedTooDeeply) => Ok(Json(refused(SYNTAX_ERROR, error.to_string()))),
        Err(error @ (RuffError::TimedOut | RuffError::TooLarge(_))) => Ok(Json(refused(UNREADABLE, error.to_string()))),
        Err(error) => Err(ServiceError::internal(&error.into())),
    }
}

fn sorted(findings: Vec<Finding>) -> LintResponse {
    let is_error = |finding: &LintFinding| finding.code.starts_with(['E', 'F']);
    let (errors, warnings): (Vec<_>, Vec<_>) = findings
        .into_iter()
        .map(|finding| LintFinding {
            code: finding.rule.unwrap_or_else(|| SYNTAX_ERROR.to_owned()),
            message: finding.message,
            line: finding.line,
            column: finding.column,
        })
        .partition(is_error);
    LintResponse { success: errors.is_empty(), errors, warnings }
}

fn refused(code: &str, message: String) -> LintResponse {
    let error = LintFinding { code: code.to_owned(), message, line: 1, column: 1 };
    LintResponse { success: false, errors: vec![error], warnings: Vec::new() }
}
