//! Every route of the light worker, with its answer whatever the status.

use contract::{
    execution::{ExecuteRequest, InspectTopologyRequest, LintRequest},
    files::{EditFileRequest, GrepRequest, ListFilesRequest, PathRequest, WriteFileRequest},
    git::{CommitRequest, CompleteMergeRequest, ResolveRequest},
};
use http_reply::{Method, Outcome};
use reqwest::multipart::{Form, Part};
use serde_json::json;

use super::LightWorker;
use crate::limits;

impl LightWorker {
    /// `POST /fs/ls`: a directory's entries.
    pub async fn list_files(&self, request: &ListFilesRequest) -> Outcome {
        self.post("/fs/ls", request, limits::FILE).await
    }

    /// `POST /fs/exists`: is there a file or directory?
    pub async fn exists(&self, request: &PathRequest) -> Outcome {
        self.post("/fs/exists", request, limits::FILE).await
    }

    /// `POST /fs/read`: a text file.
    pub async fn read_file(&self, request: &PathRequest) -> Outcome {
        self.post("/fs/read", request, limits::FILE).await
    }

    /// `POST /fs/read_blob`: a file's bytes.
    pub async fn read_blob(&self, request: &PathRequest) -> Outcome {
        self.post("/fs/read_blob", request, limits::BULK_FILE).await
    }

    /// `POST /fs/write`: writes a text file.
    pub async fn write_file(&self, request: &WriteFileRequest) -> Outcome {
        self.post("/fs/write", request, limits::FILE).await
    }

    /// `POST /fs/edit`: replaces texts in a file.
    pub async fn edit_file(&self, request: &EditFileRequest) -> Outcome {
        self.post("/fs/edit", request, limits::FILE).await
    }

    /// `POST /fs/upload_file`: writes `content` to `path` by a multipart form.
    pub async fn upload_file(&self, path: &str, content: Vec<u8>) -> Outcome {
        let file_name = path.rsplit('/').next().unwrap_or(path).to_owned();
        let form = Form::new().text("path", path.to_owned()).part("file", Part::bytes(content).file_name(file_name));
        self.upload_form(form).await
    }

    /// `POST /fs/upload_file` with any form, also one that lacks a field.
    pub async fn upload_form(&self, form: Form) -> Outcome {
        self.endpoint.request(Method::POST, "/fs/upload_file", limits::BULK_FILE).multipart(form).send().await
    }

    /// `POST /fs/grep`: lines that hold a text.
    pub async fn grep(&self, request: &GrepRequest) -> Outcome {
        self.post("/fs/grep", request, limits::BULK_FILE).await
    }

    /// `POST /fs/bundle`: the workspace as a gzip tar.
    pub async fn bundle(&self) -> Outcome {
        self.post("/fs/bundle", &json!({}), limits::BUNDLE).await
    }

    /// `POST /fs/delete`: deletes a file, or a directory with all that is in it.
    pub async fn delete_file(&self, request: &PathRequest) -> Outcome {
        self.post("/fs/delete", request, limits::FILE).await
    }

    /// `POST /git/init`: makes the workspace a repository.
    pub async fn git_init(&self) -> Outcome {
        self.post("/git/init", &json!({}), limits::GIT).await
    }

    /// `POST /git/commit`: commits all changes.
    pub async fn git_commit(&self, request: &CommitRequest) -> Outcome {
        self.post("/git/commit", request, limits::GIT_WRITE).await
    }

    /// `GET /git/status`: branch, changes, conflicts.
    pub async fn git_status(&self) -> Outcome {
        self.endpoint.request(Method::GET, "/git/status", limits::GIT).send().await
    }

    /// `POST /git/resolve`: takes one side of a conflict.
    pub async fn git_resolve(&self, request: &ResolveRequest) -> Outcome {
        self.post("/git/resolve", request, limits::GIT).await
    }

    /// `POST /git/merge/abort`: gives a merge up.
    pub async fn git_merge_abort(&self) -> Outcome {
        self.post("/git/merge/abort", &json!({}), limits::GIT).await
    }

    /// `POST /git/merge/complete`: commits a merge whose conflicts are resolved.
    pub async fn git_merge_complete(&self, request: &CompleteMergeRequest) -> Outcome {
        self.post("/git/merge/complete", request, limits::GIT_WRITE).await
    }

    /// `POST /runtime/execute`: runs Python in the session.
    pub async fn execute(&self, request: &ExecuteRequest) -> Outcome {
        self.post("/runtime/execute", request, limits::execute(request.timeout)).await
    }

    /// As [`Self::execute`], without a time limit of the call: the worker keeps the script's own limit from the moment
    /// in which the run begins, and the call waits for its turn before, however long that takes. Whoever calls this
    /// watches in another way whether the worker lives.
    pub async fn execute_in_its_own_time(&self, request: &ExecuteRequest) -> Outcome {
        self.post("/runtime/execute", request, limits::NONE).await
    }

    /// `GET /assets/{path}`: a file with its MIME type. `path` goes into the URL as it is given.
    pub async fn asset(&self, path: &str) -> Outcome {
        let path = path.trim_start_matches('/');
        self.endpoint.request(Method::GET, &format!("/assets/{path}"), limits::FILE).send().await
    }

    /// `POST /lint`: checks a file of the session, or a text.
    pub async fn lint(&self, request: &LintRequest) -> Outcome {
        self.post("/lint", request, limits::LINT).await
    }

    /// `POST /topology/inspect`: properties of a part, face or edge.
    pub async fn inspect_topology(&self, request: &InspectTopologyRequest) -> Outcome {
        self.post("/topology/inspect", request, limits::TOPOLOGY).await
    }
}
