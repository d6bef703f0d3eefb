//! The database's enum labels and the contract's enums, each way.

use contract::{
    episodes::TraceType,
    lifecycle::{EpisodeStatus, NextAgent},
    reviews::{RefusalState, ReviewDecision},
};

/// An enum of the database with the same members as one of the contract, and the way from either to the other.
/// A member that one of them lacks does not compile.
macro_rules! label {
    ($label:ident = $type_name:tt as $contract:ty { $($member:ident),+ $(,)? }) => {
        #[doc = concat!("`", $type_name, "` of the database.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
        #[sqlx(type_name = $type_name, rename_all = "SCREAMING_SNAKE_CASE")]
        pub(crate) enum $label {
            $($member),+
        }

        impl From<$contract> for $label {
            fn from(value: $contract) -> Self {
                match value {
                    $(<$contract>::$member => Self::$member),+
                }
            }
        }

        impl From<$label> for $contract {
            fn from(label: $label) -> Self {
                match label {
                    $($label::$member => Self::$member),+
                }
            }
        }
    };
}

label!(StatusLabel = "episodestatus" as EpisodeStatus { Queued, Running, Planned, Completed, Failed, Cancelled });

label!(TraceLabel = "tracetype" as TraceType { ToolStart, ToolEnd, LlmStart, LlmEnd, Log, Error, Event });

label!(AgentLabel = "nextagent" as NextAgent { Planner, Coder, Reviewer });

label!(DecisionLabel = "reviewdecision" as ReviewDecision {
    Approved,
    Rejected,
    RejectPlan,
    RejectCode,
    ConfirmPlanRefusal,
    RejectPlanRefusal,
});

label!(RefusalLabel = "refusalstate" as RefusalState { Pending, Confirmed, Rejected });
