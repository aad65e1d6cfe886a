//! Answers that are added up on the engine's threads and not handed on row by row, and other work for these threads.

use std::{fmt::Display, sync::Arc};

use arrow::array::RecordBatch;
use storage::Snapshot;
use tokio::sync::oneshot;

use super::{Engine, EngineError, Question, Summary};

impl Engine {
    /// Asks, and adds every batch of the answer to `into`. Dropping the future ends the question.
    ///
    /// # Errors
    /// What ended the question, or a batch that cannot be read.
    pub(crate) async fn gather<T: Send + 'static, E: Display + Send>(
        &self,
        question: Question,
        into: T,
        add: impl Fn(&mut T, &RecordBatch) -> Result<(), E> + Send + Sync + 'static,
    ) -> Result<(T, Summary), EngineError> {
        self.gather_of(question, None, into, add).await
    }

    /// As [`Self::gather`], of this snapshot instead of the newest.
    pub(crate) async fn gather_of<T: Send + 'static, E: Display + Send>(
        &self,
        question: Question,
        snapshot: Option<Arc<Snapshot>>,
        mut into: T,
        add: impl Fn(&mut T, &RecordBatch) -> Result<(), E> + Send + Sync + 'static,
    ) -> Result<(T, Summary), EngineError> {
        let mut answer = self.ask_of(question, snapshot).await?;
        let (reply, gathered) = oneshot::channel();
        let _work = self.spawn(async move {
            let all = async {
                while let Some(batch) = answer.next().await {
                    add(&mut into, &batch?).map_err(|error| EngineError::Internal { message: error.to_string() })?;
                }
                Ok((into, answer.summary()))
            };
            // Whoever asked may be gone.
            let _ = reply.send(all.await);
        });
        gathered.await.unwrap_or(Err(EngineError::Cancelled))
    }

    /// Computes on the engine's threads.
    ///
    /// # Errors
    /// When the work panicked.
    pub(crate) async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, EngineError> {
        let (reply, computed) = oneshot::channel();
        let _work = self.spawn(async move {
            // Whoever asked may be gone.
            let _ = reply.send(work());
        });
        computed.await.map_err(|_| EngineError::Internal { message: "a bug ended the work".to_owned() })
    }
}
