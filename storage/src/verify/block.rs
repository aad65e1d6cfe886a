//! One block: its files, its bytes, its rows, what the catalog says of them, and what its indexes find.

use std::{ops::Range, path::Path, sync::Arc};

use arrow::{array::AsArray, record_batch::RecordBatch};
use schemas::{TraceId, columns::TRACE_ID};

use super::Finding;
use crate::{
    AttributeQuery,
    block::{Block, BlockError, BlockReader, Bound, ColumnStatistics, OpenBlock, Read, Sums, load_sidecar},
    io::Io,
    text::{Candidates, RowTexts, TextFilter, TextQuery, tokens::for_each_token},
};

/// Every so many rows one is looked up in the text indexes, by its first word, and in that of attributes, by all it has.
const ROWS_PER_WORD: usize = 500;
const BATCH_ROWS: usize = 8192;

/// What is wrong with `block`; nothing when all is well.
pub(super) fn check_block(io: &dyn Io, data_dir: &Path, reader: &BlockReader, block: &Arc<Block>) -> Vec<Finding> {
    let mut check = Check { block, reader, findings: Vec::new() };
    check.files(io, data_dir);
    check.sums(io, data_dir);
    if check.findings.iter().any(|finding| finding.path == block.path) {
        return check.findings;
    }
    if let Err(error) = check.rows() {
        check.found(&block.path, error);
    }
    check.findings
}

struct Check<'a> {
    block: &'a Arc<Block>,
    reader: &'a BlockReader,
    findings: Vec<Finding>,
}

impl Check<'_> {
    fn found(&mut self, path: &Path, what: impl ToString) {
        self.findings.push(Finding { path: path.to_owned(), what: what.to_string() });
    }

    /// Each file is there and has the length that was written.
    fn files(&mut self, io: &dyn Io, data_dir: &Path) {
        let block = Arc::clone(self.block);
        for (path, expected) in block.file_bytes() {
            match io.open_read(&data_dir.join(path)).and_then(|file| file.len()) {
                Ok(bytes) if bytes == expected => {}
                Ok(bytes) => self.found(path, format_args!("{bytes} bytes, the catalog says {expected}")),
                Err(error) => self.found(path, error),
            }
        }
    }

    /// Without checksums the rows are read unchecked; so it is said when they cannot be used.
    fn sums(&mut self, io: &dyn Io, data_dir: &Path) {
        let Some(sidecar) = self.block.sums.clone() else { return };
        match load_sidecar(io, &data_dir.join(&sidecar.path), sidecar.bytes).map(|bytes| Sums::decode(&bytes)) {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => self.found(&sidecar.path, error),
            Err(error) => self.found(&sidecar.path, error),
        }
    }

    /// Reads every row. What they say is compared with the catalog and the indexes.
    fn rows(&mut self) -> Result<(), BlockError> {
        let block = Arc::clone(self.block);
        let open = OpenBlock::new(self.reader, Arc::clone(&block))?;
        let columns: Vec<usize> = (0..block.table.schema().fields().len()).collect();
        let mut row = 0;
        for row_group in 0..open.row_groups().len() {
            let read = Read { row_group, rows: None, columns: columns.clone(), predicates: Vec::new(), batch_rows: BATCH_ROWS };
            for batch in open.read_pages(read)? {
                let batch = batch?;
                if open.footer_says(row_group, &batch)? != batch {
                    self.found(&block.path, format_args!("the footer is wrong about columns of row group {row_group}"));
                }
                self.times(&batch, row);
                self.traces(&batch, row);
                self.words(&batch, row)?;
                self.attributes(&batch, row);
                row += batch.num_rows();
            }
        }
        if row as u64 != block.rows {
            self.found(&block.path, format_args!("{row} rows, the catalog says {}", block.rows));
        }
        for of_file in open.statistics() {
            let known = block.statistics.iter().find(|known| known.field_id == of_file.field_id);
            if known.is_none_or(|known| !covers(known, &of_file)) {
                self.found(
                    &block.path,
                    format_args!("the catalog is wrong about column {}: {known:?}, the file has {of_file:?}", of_file.field_id),
                );
            }
        }
        Ok(())
    }

    fn times(&mut self, batch: &RecordBatch, first_row: usize) {
        let name = self.block.table.time_column();
        let Some(times) = batch.column_by_name(name).map(|column| column.as_primitive::<arrow::datatypes::TimestampNanosecondType>())
        else {
            return;
        };
        let range = self.block.time;
        if let Some(row) = times.values().iter().position(|time| !(range.first.0..=range.last.0).contains(time)) {
            let path = self.block.path.clone();
            self.found(&path, format_args!("row {} is outside of the time that the catalog says", first_row + row));
        }
    }

    /// The index finds each run of a trace.
    fn traces(&mut self, batch: &RecordBatch, first_row: usize) {
        let Some(sidecar) = self.block.trace_index.clone() else { return };
        let Some(ids) = batch.column_by_name(TRACE_ID).map(|column| column.as_fixed_size_binary()) else { return };
        let mut row = 0;
        while row < batch.num_rows() {
            let run = (row..batch.num_rows()).take_while(|next| ids.value(*next) == ids.value(row)).count();
            let Some(id) = TraceId::from_slice(ids.value(row)) else { return };
            let wanted = first_row + row..first_row + row + run;
            match self.reader.rows_of_trace(self.block, id) {
                Some(found) if found.iter().any(|found| contains(found, &wanted)) => {}
                Some(found) => {
                    return self.found(&sidecar.path, format_args!("trace {id} is at {wanted:?}, the index says {found:?}"));
                }
                None => {
                    if !self.findings.iter().any(|finding| finding.path == sidecar.path) {
                        self.found(&sidecar.path, "the index cannot be used");
                    }
                    return;
                }
            }
            row += run;
        }
    }

    /// Rows that have a word are among those that the text indexes give.
    fn words(&mut self, batch: &RecordBatch, first_row: usize) -> Result<(), BlockError> {
        let sidecars = [&self.block.text.bloom, &self.block.text.inverted].map(|sidecar| sidecar.clone().map(|sidecar| sidecar.path));
        let Some(path) = sidecars.iter().flatten().next().cloned() else { return Ok(()) };
        if self.findings.iter().any(|finding| sidecars.iter().flatten().any(|path| *path == finding.path)) {
            return Ok(());
        }
        let index = self.reader.text_index(self.block);
        let unusable = index.as_ref().map_or(Some(&path), |index| index.unusable(&self.block.text).map(|sidecar| &sidecar.path));
        if let Some(path) = unusable {
            let path = path.clone();
            self.found(&path, "the index cannot be used");
            return Ok(());
        }
        let Some(index) = index else { return Ok(()) };
        let texts = RowTexts::new(self.block.table, batch)?;
        for row in (0..batch.num_rows()).filter(|row| (first_row + row).is_multiple_of(ROWS_PER_WORD)) {
            let mut of_row = Vec::new();
            texts.of_row(row, &mut of_row);
            let Some(word) = of_row.iter().find_map(|text| first_word(text)) else { continue };
            let candidates = index.candidates(&TextFilter::new(&TextQuery::Word(word.clone())));
            let wanted = first_row + row..first_row + row + 1;
            if let Candidates::Rows(rows) = candidates
                && !rows.iter().any(|found| contains(found, &wanted))
            {
                self.found(&path, format_args!("row {} has the word {word:?}, the index does not know", wanted.start));
                return Ok(());
            }
        }
        Ok(())
    }
}

impl Check<'_> {
    /// Rows are among those that the index gives for their own attributes.
    fn attributes(&mut self, batch: &RecordBatch, first_row: usize) {
        let Some(sidecar) = self.block.attribute_index.clone() else { return };
        if self.findings.iter().any(|finding| finding.path == sidecar.path) {
            return;
        }
        let index = self.reader.attribute_index(self.block).filter(|index| !index.is_ill());
        let Some(index) = index else { return self.found(&sidecar.path, "the index cannot be used") };
        let Some(texts) = batch.column_by_name(schemas::columns::ATTRIBUTES).and_then(|column| column.as_string_opt::<i32>()) else {
            return;
        };
        for (row, json) in texts.iter().enumerate().filter(|(row, _)| (first_row + row).is_multiple_of(ROWS_PER_WORD)) {
            let mut own = Vec::new();
            schemas::attribute::for_each_attribute(json.unwrap_or_default(), |key, value| {
                let is = |value: &str| AttributeQuery::Is {
                    column: schemas::columns::ATTRIBUTES.to_owned(),
                    key: key.to_owned(),
                    value: value.to_owned(),
                };
                own.extend(value.text().map(|value| is(&value)));
            });
            let wanted = first_row + row..first_row + row + 1;
            if let Candidates::Rows(rows) = index.candidates(&AttributeQuery::All(own))
                && !rows.iter().any(|found| contains(found, &wanted))
            {
                return self.found(&sidecar.path, format_args!("row {} has attributes that the index does not know", wanted.start));
            }
        }
    }
}

fn contains(found: &Range<usize>, wanted: &Range<usize>) -> bool {
    found.start <= wanted.start && wanted.end <= found.end
}

fn first_word(text: &str) -> Option<String> {
    let mut word = None;
    for_each_token(text, &mut String::new(), |token| {
        word.get_or_insert_with(|| token.to_owned());
    });
    word
}

/// Whether what the catalog says is true of the file: bounds may be wider, never narrower.
fn covers(known: &ColumnStatistics, of_file: &ColumnStatistics) -> bool {
    let bounds = match (&known.range, &of_file.range) {
        (Some((known_min, known_max)), Some((min, max))) => at_most(known_min, min) && at_most(max, known_max),
        (None, _) => true,
        (Some(_), None) => of_file.values == 0,
    };
    bounds && known.nulls == of_file.nulls && known.values == of_file.values
}

fn at_most(low: &Bound, high: &Bound) -> bool {
    low <= high
}
