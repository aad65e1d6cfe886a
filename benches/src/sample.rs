//! Trace ids out of the blocks of a data directory.

use std::{
    fs,
    path::{Path, PathBuf},
};

use arrow::array::AsArray;
use parquet::arrow::{ProjectionMask, arrow_reader::ParquetRecordBatchReaderBuilder};
use schemas::TraceId;

/// Ids from all blocks below `data`, evenly spread, about `count` of them; none when there are no spans.
///
/// # Panics
/// When a block cannot be read.
pub fn sample_ids(data: &Path, count: usize) -> Vec<TraceId> {
    let mut files: Vec<PathBuf> = Vec::new();
    let mut folders = vec![data.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a readable folder").flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path if path.extension().is_some_and(|extension| extension == "parquet") => files.push(path),
                _ => {}
            }
        }
    }
    let mut ids: Vec<TraceId> = Vec::new();
    for path in files.iter().filter(|path| path.components().any(|part| part.as_os_str() == "spans")) {
        let file = fs::File::open(path).expect("a block");
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
        let column = ProjectionMask::columns(builder.parquet_schema(), ["trace_id"]);
        for batch in builder.with_projection(column).build().expect("Parquet") {
            let batch = batch.expect("readable rows");
            ids.extend(batch.column(0).as_fixed_size_binary().iter().flatten().filter_map(TraceId::from_slice));
        }
    }
    ids.sort_unstable();
    ids.dedup();
    // Sorted by time in the blocks, by id here: a stride through ids visits the blocks in no order.
    let stride = (ids.len() / count.max(1)).max(1);
    ids.into_iter().step_by(stride).collect()
}
