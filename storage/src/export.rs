//! Answers as Parquet, for whoever wants to keep one.

use arrow::{datatypes::SchemaRef, record_batch::RecordBatch};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    errors::ParquetError,
    file::properties::WriterProperties,
};

/// One file with the rows of `batches`, all of schema `schema`.
///
/// # Errors
/// When a column's type does not exist in Parquet.
pub fn to_parquet(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<Vec<u8>, ParquetError> {
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), SchemaRef::clone(schema), Some(properties))?;
    batches.iter().try_for_each(|batch| writer.write(batch))?;
    writer.into_inner()
}
