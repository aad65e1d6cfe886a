//! The doors that fetch: they run beside the receivers, go the same way, and stop with them.

use std::{path::PathBuf, sync::Arc};

use crate::{
    files::{self, Files, FilesBook, FilesConfig, PositionsError},
    receiver::Ingest,
    scrape::{self, ScrapeConfig, ScrapeError, Target, TargetsBook},
};

/// What to fetch.
#[derive(Debug, Clone, Default)]
pub struct Pull {
    pub files: Vec<FilesConfig>,
    /// Where it is kept how far log files are stored.
    pub positions: PathBuf,
    pub scrape: Vec<ScrapeConfig>,
}

#[derive(Debug, thiserror::Error)]
pub enum PullError {
    #[error(transparent)]
    Positions(#[from] PositionsError),
    #[error(transparent)]
    Scrape(#[from] ScrapeError),
}

/// What is told of the doors that fetch.
#[derive(Debug, Default)]
pub(crate) struct PullBook {
    pub files: Arc<FilesBook>,
    pub targets: Arc<TargetsBook>,
}

/// Doors that are ready to fetch.
#[derive(Default)]
pub(crate) struct Pulling {
    files: Option<Files>,
    targets: Vec<Target>,
}

impl Pulling {
    /// # Errors
    /// When a setting cannot work, or what was kept of former fetches cannot be read.
    pub(crate) fn open(pull: Pull, body_bytes_max: u64, book: &PullBook) -> Result<Self, PullError> {
        let Pull { files, positions, scrape } = pull;
        let targets = scrape::targets(&scrape)?;
        let files = match files.is_empty() {
            true => None,
            false => Some(Files::open(files, &positions, body_bytes_max, Arc::clone(&book.files))?),
        };
        Ok(Self { files, targets })
    }

    /// Until the receivers stop.
    pub(crate) async fn run(self, ingest: Arc<Ingest>, book: Arc<PullBook>) {
        let follow = async {
            if let Some(files) = self.files {
                files::run(files, Arc::clone(&ingest), Arc::clone(&book.files)).await;
            }
        };
        tokio::join!(follow, scrape::run(self.targets, Arc::clone(&ingest), Arc::clone(&book.targets)));
    }
}
