//! The calls that a test relies on: 200 and a body that decodes, or a panic that says what happened.

use std::panic::Location;

use contract::{
    execution::{ExecuteRequest, ExecuteResponse},
    files::{
        Edit, EditFileRequest, ExistsResponse, FileContent, FileInfo, GrepMatch, GrepRequest, ListFilesRequest,
        PathRequest, WriteFileRequest,
    },
    git::{CommitRequest, CommitResponse},
    status::StatusResponse,
};
use http_reply::{Reply, StatusCode, must, must_with};

use super::LightWorker;

fn path_request(path: &str) -> PathRequest {
    PathRequest { path: path.to_owned() }
}

impl LightWorker {
    /// Entries of a directory.
    #[track_caller]
    pub fn must_list_files(&self, path: &str) -> impl Future<Output = Vec<FileInfo>> + Send {
        let at = Location::caller();
        let request = ListFilesRequest { path: path.to_owned() };
        async move { must(self.list_files(&request).await, StatusCode::OK, at) }
    }

    /// Is there a file or directory?
    #[track_caller]
    pub fn must_exist_or_not(&self, path: &str) -> impl Future<Output = bool> + Send {
        let at = Location::caller();
        let request = path_request(path);
        async move { must::<ExistsResponse>(self.exists(&request).await, StatusCode::OK, at).exists }
    }

    /// A file's text.
    #[track_caller]
    pub fn must_read_file(&self, path: &str) -> impl Future<Output = String> + Send {
        let at = Location::caller();
        let request = path_request(path);
        async move { must::<FileContent>(self.read_file(&request).await, StatusCode::OK, at).content }
    }

    /// A file's bytes.
    #[track_caller]
    pub fn must_read_blob(&self, path: &str) -> impl Future<Output = Vec<u8>> + Send {
        let at = Location::caller();
        let request = path_request(path);
        async move { must_with(self.read_blob(&request).await, at, ok).body.to_vec() }
    }

    /// Writes a text file; one that exists is replaced.
    #[track_caller]
    pub fn must_write_file(&self, path: &str, content: &str) -> impl Future<Output = ()> + Send {
        let at = Location::caller();
        let request = WriteFileRequest { path: path.to_owned(), content: content.to_owned(), overwrite: true };
        async move {
            must::<StatusResponse>(self.write_file(&request).await, StatusCode::OK, at);
        }
    }

    /// Replaces the one occurrence of a text.
    #[track_caller]
    pub fn must_edit_file(&self, path: &str, old: &str, new: &str) -> impl Future<Output = ()> + Send {
        let at = Location::caller();
        let edit = Edit { old_string: old.to_owned(), new_string: new.to_owned() };
        let request = EditFileRequest { path: path.to_owned(), edits: vec![edit] };
        async move {
            must::<StatusResponse>(self.edit_file(&request).await, StatusCode::OK, at);
        }
    }

    /// Uploads bytes.
    #[track_caller]
    pub fn must_upload_file(&self, path: &str, content: Vec<u8>) -> impl Future<Output = ()> + Send {
        let at = Location::caller();
        async move {
            must::<StatusResponse>(self.upload_file(path, content).await, StatusCode::OK, at);
        }
    }

    /// Lines that hold a text.
    #[track_caller]
    pub fn must_grep(&self, request: &GrepRequest) -> impl Future<Output = Vec<GrepMatch>> + Send {
        let at = Location::caller();
        async move { must(self.grep(request).await, StatusCode::OK, at) }
    }

    /// The workspace as a gzip tar.
    #[track_caller]
    pub fn must_bundle(&self) -> impl Future<Output = Vec<u8>> + Send {
        let at = Location::caller();
        async move { must_with(self.bundle().await, at, ok).body.to_vec() }
    }

    /// Deletes a file or directory.
    #[track_caller]
    pub fn must_delete_file(&self, path: &str) -> impl Future<Output = ()> + Send {
        let at = Location::caller();
        let request = path_request(path);
        async move {
            must::<StatusResponse>(self.delete_file(&request).await, StatusCode::OK, at);
        }
    }

    /// Makes the workspace a repository.
    #[track_caller]
    pub fn must_git_init(&self) -> impl Future<Output = ()> + Send {
        let at = Location::caller();
        async move {
            must::<StatusResponse>(self.git_init().await, StatusCode::OK, at);
        }
    }

    /// Commits all changes. The answer may still say that there was nothing to commit.
    #[track_caller]
    pub fn must_git_commit(&self, message: &str) -> impl Future<Output = CommitResponse> + Send {
        let at = Location::caller();
        let request = CommitRequest { message: message.to_owned() };
        async move { must(self.git_commit(&request).await, StatusCode::OK, at) }
    }

    /// Runs Python with a limit in seconds. The script itself may still have failed.
    #[track_caller]
    pub fn must_execute(&self, code: &str, timeout_s: u32) -> impl Future<Output = ExecuteResponse> + Send {
        let at = Location::caller();
        let request = ExecuteRequest::text(code, timeout_s);
        async move { must(self.execute(&request).await, StatusCode::OK, at) }
    }

    /// A served file, with its headers.
    #[track_caller]
    pub fn must_asset(&self, path: &str) -> impl Future<Output = Reply> + Send {
        let at = Location::caller();
        async move { must_with(self.asset(path).await, at, ok) }
    }
}

fn ok(reply: Reply) -> Result<Reply, http_reply::UnexpectedReply> {
    reply.expect_status(StatusCode::OK)
}
