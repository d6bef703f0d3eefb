//! The database's enum labels and the contract's enums, each way.

use contract::episodes::{EpisodeStatus, TraceType};

/// `episodestatus` of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "episodestatus", rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum StatusLabel {
    Queued,
    Running,
    Planned,
    Completed,
    Failed,
    Cancelled,
}

impl From<EpisodeStatus> for StatusLabel {
    fn from(status: EpisodeStatus) -> Self {
        match status {
            EpisodeStatus::Queued => Self::Queued,
            EpisodeStatus::Running => Self::Running,
            EpisodeStatus::Planned => Self::Planned,
            EpisodeStatus::Completed => Self::Completed,
            EpisodeStatus::Failed => Self::Failed,
            EpisodeStatus::Cancelled => Self::Cancelled,
        }
    }
}

impl From<StatusLabel> for EpisodeStatus {
    fn from(label: StatusLabel) -> Self {
        match label {
            StatusLabel::Queued => Self::Queued,
            StatusLabel::Running => Self::Running,
            StatusLabel::Planned => Self::Planned,
            StatusLabel::Completed => Self::Completed,
            StatusLabel::Failed => Self::Failed,
            StatusLabel::Cancelled => Self::Cancelled,
        }
    }
}

/// `tracetype` of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "tracetype", rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum TraceLabel {
    ToolStart,
    ToolEnd,
    LlmStart,
    LlmEnd,
    Log,
    Error,
    Event,
}

impl From<TraceType> for TraceLabel {
    fn from(kind: TraceType) -> Self {
        match kind {
            TraceType::ToolStart => Self::ToolStart,
            TraceType::ToolEnd => Self::ToolEnd,
            TraceType::LlmStart => Self::LlmStart,
            TraceType::LlmEnd => Self::LlmEnd,
            TraceType::Log => Self::Log,
            TraceType::Error => Self::Error,
            TraceType::Event => Self::Event,
        }
    }
}

impl From<TraceLabel> for TraceType {
    fn from(label: TraceLabel) -> Self {
        match label {
            TraceLabel::ToolStart => Self::ToolStart,
            TraceLabel::ToolEnd => Self::ToolEnd,
            TraceLabel::LlmStart => Self::LlmStart,
            TraceLabel::LlmEnd => Self::LlmEnd,
            TraceLabel::Log => Self::Log,
            TraceLabel::Error => Self::Error,
            TraceLabel::Event => Self::Event,
        }
    }
}
