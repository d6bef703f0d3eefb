//! All routes of the light worker.

use aide::axum::{
    ApiRouter,
    routing::{get_with, post_with},
};
use axum::{middleware::map_response, routing::get};

use crate::{assets, execution, files, git_routes, lint, topology, worker::Worker};

/// The router, with its state given.
pub fn routes(worker: Worker) -> ApiRouter {
    ApiRouter::new()
        .merge(file_routes())
        .merge(git_api())
        .merge(asset_routes())
        .api_route(
            "/runtime/execute",
            post_with(execution::execute, |o| {
                o.summary("Run Python in the session and collect the events that it wrote").tag("runtime")
            }),
        )
        .api_route(
            "/lint",
            post_with(lint::lint, |o| o.summary("Check Python source, from a file or given as text").tag("lint")),
        )
        .api_route(
            "/topology/inspect",
            post_with(topology::inspect, |o| {
                o.summary("Properties of a part, face or edge that a script builds").tag("topology")
            }),
        )
        .with_state(worker)
}

fn file_routes() -> ApiRouter<Worker> {
    ApiRouter::new()
        .api_route(
            "/fs/ls",
            post_with(files::list, |o| o.summary("List a directory; an unknown one is empty").tag("files")),
        )
        .api_route("/fs/exists", post_with(files::exists, |o| o.summary("Is there a file or directory?").tag("files")))
        .api_route("/fs/read", post_with(files::read, |o| o.summary("Read a text file").tag("files")))
        .api_route("/fs/read_blob", post_with(files::read_blob, |o| o.summary("Read a file's bytes").tag("files")))
        .api_route("/fs/write", post_with(files::write, |o| o.summary("Write a text file").tag("files")))
        .api_route(
            "/fs/edit",
            post_with(files::edit, |o| o.summary("Replace texts in a file, all or none").tag("files")),
        )
        .api_route(
            "/fs/upload_file",
            post_with(files::upload, |o| o.summary("Write a file from a multipart form").tag("files")),
        )
        .api_route(
            "/fs/grep",
            post_with(files::grep, |o| o.summary("Find the lines that hold a text, taken literally").tag("files")),
        )
        .api_route("/fs/bundle", post_with(files::bundle, |o| o.summary("The session as a gzip tar").tag("files")))
        .api_route(
            "/fs/delete",
            post_with(files::delete, |o| o.summary("Delete a file, or a directory with its content").tag("files")),
        )
}

fn git_api() -> ApiRouter<Worker> {
    ApiRouter::new()
        .api_route("/git/init", post_with(git_routes::init, |o| o.summary("Make the session a repository").tag("git")))
        .api_route("/git/commit", post_with(git_routes::commit, |o| o.summary("Commit all changes").tag("git")))
        .api_route(
            "/git/status",
            get_with(git_routes::status, |o| o.summary("Branch, changes and conflicts").tag("git")),
        )
        .api_route(
            "/git/resolve",
            post_with(git_routes::resolve, |o| o.summary("Take one side of a file in conflict").tag("git")),
        )
        .api_route("/git/merge/abort", post_with(git_routes::abort_merge, |o| o.summary("Give a merge up").tag("git")))
        .api_route(
            "/git/merge/complete",
            post_with(git_routes::complete_merge, |o| o.summary("Commit a merge without open conflicts").tag("git")),
        )
}

/// Two patterns for one route: OpenAPI has no notation for a path with slashes in it, so the first is in the document
/// and the second takes what is in folders.
fn asset_routes() -> ApiRouter<Worker> {
    ApiRouter::new()
        .api_route(
            "/assets/{path}",
            get_with(assets::asset, |o| {
                o.summary("A file of the session with its MIME type; `path` may hold slashes").tag("assets")
            }),
        )
        .route("/assets/{path}/{*rest}", get(assets::asset))
        .layer(map_response(assets::forbid_sniffing))
}
