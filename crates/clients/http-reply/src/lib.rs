//! What came back from a service, and why nothing came back: shared by the HTTP clients of the stack.
//!
//! A [`Reply`] is kept whatever its status, so that a test of a refusal looks at the same value as a test of a
//! success. This crate sends calls and keeps answers; it must not know any route.

mod client;
mod endpoint;
mod failure;
mod journal;
mod reply;

pub use client::{client, neighbour_client, proxy_variable};
pub use endpoint::{Call, Endpoint};
pub use failure::{NoReply, UnexpectedReply, chain};
pub use journal::Journal;
pub use reply::{Outcome, Reply, must, must_with};

pub use reqwest::{Method, StatusCode, header};
