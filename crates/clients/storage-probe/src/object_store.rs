//! The object store, by the S3 protocol.

use anyhow::{Context, anyhow};
use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
    error::DisplayErrorContext,
};
use aws_smithy_http_client::tls;

/// Endpoints with `https://` are called by the TLS library that the other clients use.
const TLS: tls::Provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);

/// A view of the stack's object store.
#[derive(Debug, Clone)]
pub struct ObjectStore {
    client: Client,
}

impl ObjectStore {
    /// A client with the given keys; nothing is sent yet.
    pub fn new(endpoint: &str, access_key: &str, secret_key: &str) -> Self {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(endpoint)
            .credentials_provider(Credentials::new(access_key, secret_key, None, None, "storage-probe"))
            .force_path_style(true)
            .http_client(aws_smithy_http_client::Builder::new().tls_provider(TLS).build_https())
            .build();
        Self { client: Client::from_conf(config) }
    }

    /// Names of all buckets. Fails when the keys are wrong.
    pub async fn buckets(&self) -> anyhow::Result<Vec<String>> {
        let answer =
            self.client.list_buckets().send().await.map_err(|error| {
                anyhow!("the object store refused to list its buckets: {}", DisplayErrorContext(error))
            })?;
        Ok(answer.buckets().iter().filter_map(|bucket| bucket.name().map(str::to_owned)).collect())
    }

    /// Keys of a bucket that start with `prefix`.
    pub async fn keys(&self, bucket: &str, prefix: &str) -> anyhow::Result<Vec<String>> {
        let answer = self
            .client
            .list_objects_v2()
            .bucket(bucket)
            .prefix(prefix)
            .send()
            .await
            .with_context(|| format!("the object store cannot list {bucket}/{prefix}"))?;
        Ok(answer.contents().iter().filter_map(|object| object.key().map(str::to_owned)).collect())
    }
}
