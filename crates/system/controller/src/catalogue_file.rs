//! The file that holds the catalogue of bought parts. Another program makes it; while it is missing, only searches
//! fail.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context;
use catalog::Catalog;
use contract::wiring::variables::CATALOG_DB;

/// The catalogue's file: opened when it is first needed, and again when another file has taken its place.
#[derive(Debug, Clone)]
pub(crate) struct CatalogueFile {
    path: Option<PathBuf>,
    opened: Arc<Mutex<Option<(FileIdentity, Catalog)>>>,
}

/// Device and number of a file: a catalogue is replaced as a whole, never changed.
type FileIdentity = (u64, u64);

impl CatalogueFile {
    /// The file at `path`; without one, every use fails and says which setting is missing.
    pub(crate) fn at(path: Option<PathBuf>) -> Self {
        Self { path, opened: Arc::default() }
    }

    /// Queries the catalogue on a thread that may block on the disk.
    pub(crate) async fn ask<T, E>(
        &self,
        question: impl FnOnce(&Catalog) -> Result<T, E> + Send + 'static,
    ) -> anyhow::Result<T>
    where
        T: Send + 'static,
        E: std::error::Error + Send + Sync + 'static,
    {
        let file = self.clone();
        tokio::task::spawn_blocking(move || Ok(question(&file.current()?)?))
            .await
            .context("the search task panicked or was cancelled")?
    }

    /// For the readiness probe: the version of the catalogue that is there now.
    pub(crate) async fn probe(&self) -> anyhow::Result<String> {
        let metadata = self.ask(Catalog::metadata).await?;
        Ok(format!("version {}, {} parts", metadata.version.catalog_version, metadata.part_count))
    }

    fn current(&self) -> anyhow::Result<Catalog> {
        let path = self.path.as_deref().with_context(|| {
            format!("no parts catalogue is set: make one with `catalog build --out FILE` and name it in {CATALOG_DB}")
        })?;
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let identity = fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
        match (&*opened, identity) {
            (Some((known, catalog)), Some(identity)) if *known == identity => Ok(catalog.clone()),
            _ => {
                *opened = None;
                let catalog = Catalog::open(path)?;
                *opened = identity.map(|identity| (identity, catalog.clone()));
                Ok(catalog)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn catalogue_may_appear_later_and_be_replaced() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("parts.db");
        let file = CatalogueFile::at(Some(path.clone()));

        let missing = file.probe().await.expect_err("there is no file yet").to_string();
        assert!(missing.contains("parts.db"), "{missing}");

        catalog::write(&path).expect("it is written");
        let first = file.current().expect("it opens");
        assert_eq!(file.probe().await.expect("it is there"), "version 1.0.0, 167 parts");
        fs::remove_file(&path).expect("it is removed");
        assert!(file.probe().await.is_err(), "a catalogue that is gone still answers");

        catalog::write(&path).expect("it is written again");
        assert!(file.probe().await.is_ok());
        assert_eq!(first.part("XT60"), file.current().expect("it opens").part("XT60"));
    }

    #[tokio::test]
    async fn missing_setting_is_named() {
        let refused = CatalogueFile::at(None).probe().await.expect_err("nothing is set").to_string();
        assert!(refused.contains(CATALOG_DB), "{refused}");
    }
}
