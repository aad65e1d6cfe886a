//! What data has many different ones of: series of metrics and keys of attributes, as one question sees them. What is looked at is limited.

use std::collections::{BTreeMap, HashMap, HashSet};

use arrow::{
    array::{Array, AsArray, DictionaryArray},
    datatypes::{Int32Type, UInt64Type},
    error::ArrowError,
    record_batch::RecordBatch,
};
use schemas::{Table, columns as c};

use super::{ReadError, Snapshot, overlaps};
use crate::{
    attributes::{COLUMNS, KEYS_MAX},
    block::{TimeRange, series_parts, times_of},
};

/// How much [`Snapshot::count_series`] looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesLimits {
    /// Parts of blocks, of 131,072 rows each. The newest block is looked at whatever it has.
    pub parts_max: usize,
    /// Different series, at 16 bytes each.
    pub series_max: usize,
}

/// Series of one metric of one service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeriesCount {
    pub metric: String,
    /// Empty: its points do not say.
    pub service: String,
    pub series: usize,
}

/// Series of a time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeriesCounts {
    /// In order of metric and service.
    pub counts: Vec<SeriesCount>,
    /// Why there may be more; empty: these are all.
    pub partial: Vec<String>,
}

/// Keys of attributes in one column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyCount {
    pub table: Table,
    pub column: &'static str,
    /// Different ones, in blocks that list theirs.
    pub keys: usize,
    /// Blocks that were looked at.
    pub blocks: usize,
    /// Of these, those with more than [`Self::KEYS_MAX`], which are not listed.
    pub beyond_blocks: usize,
    /// Those that the fewest blocks have: a key that carries a value is among them.
    pub rarest: Vec<String>,
}

impl KeyCount {
    /// Keys that one block lists of a column.
    pub const KEYS_MAX: usize = KEYS_MAX;
}

impl Snapshot {
    /// How many series have points in `time`, as far as the times of their first and last point in a block tell. Blocking; reads what
    /// [`Self::series`] reads, and keeps it as there.
    ///
    /// # Errors
    /// When points in memory cannot be read. A block that cannot be is named in [`SeriesCounts::partial`].
    pub fn count_series(&self, time: TimeRange, limits: SeriesLimits) -> Result<SeriesCounts, ReadError> {
        let mut counting = Counting { series_max: limits.series_max, ..Counting::default() };
        let mut partial = self.partial().to_vec();
        for chunk in self.chunks(Table::Metrics) {
            let times = times_of(&chunk.batch).ok_or_else(|| missing(c::TIME))?;
            counting.add(&chunk.batch, |row| (time.first.0..=time.last.0).contains(&times.value(row)))?;
        }
        let mut blocks: Vec<_> = self.blocks_of(Table::Metrics).filter(|block| overlaps(block, Some(time))).collect();
        blocks.sort_by_key(|block| std::cmp::Reverse((block.time.last, block.id)));
        let mut parts = 0;
        for (place, block) in blocks.iter().enumerate() {
            parts += series_parts(block);
            if place > 0 && parts > limits.parts_max {
                partial.push(format!("{} older blocks were not looked at", blocks.len() - place));
                break;
            }
            for part in 0..series_parts(block) {
                match self.reader.series(block, part) {
                    Ok(series) => counting.add(series.described(), |run| series.touches(run, time))?,
                    Err(source) => {
                        partial.push(self.unreadable(block, source).to_string());
                        break;
                    }
                }
            }
        }
        if counting.is_full {
            partial.push(format!("only {} series are counted", limits.series_max));
        }
        let counts = counting.counts.into_iter().map(|((metric, service), series)| SeriesCount { metric, service, series });
        Ok(SeriesCounts { counts: counts.collect(), partial })
    }

    /// Keys of attributes in the `blocks_max` blocks of each table with the newest rows, by table and column; `rarest_max` of each are named.
    /// From the catalog, in memory.
    pub fn count_keys(&self, blocks_max: usize, rarest_max: usize) -> Vec<KeyCount> {
        let mut all = Vec::new();
        for table in Table::ALL {
            let mut blocks: Vec<_> = self.blocks_of(table).collect();
            blocks.sort_by_key(|block| std::cmp::Reverse((block.time.last, block.id)));
            // Of those that an earlier version wrote nothing is known.
            blocks.retain(|block| !block.keys.0.is_empty());
            blocks.truncate(blocks_max);
            for column in COLUMNS {
                let Some(id) = table.columns().find(|known| known.name == column).map(|column| column.id) else { continue };
                // Most blocks have the same keys.
                let mut lists: BTreeMap<&str, usize> = BTreeMap::new();
                for block in &blocks {
                    if let Some(listed) = block.keys.0.iter().find(|listed| listed.field_id == id) {
                        *lists.entry(&listed.keys).or_default() += 1;
                    }
                }
                let listed: usize = lists.values().sum();
                let mut keys: HashMap<&str, usize> = HashMap::new();
                for (list, blocks) in lists {
                    list.split_terminator('\n').for_each(|key| *keys.entry(key).or_default() += blocks);
                }
                let mut rarest: Vec<(usize, &str)> = keys.iter().map(|(key, blocks)| (*blocks, *key)).collect();
                rarest.sort_unstable();
                let rarest = rarest.into_iter().take(rarest_max).map(|(_, key)| key.to_owned()).collect();
                let (keys, beyond_blocks) = (keys.len(), blocks.len() - listed);
                if keys > 0 || beyond_blocks > 0 {
                    all.push(KeyCount { table, column, keys, blocks: blocks.len(), beyond_blocks, rarest });
                }
            }
        }
        all
    }
}

#[derive(Default)]
struct Counting {
    seen: HashSet<u64>,
    counts: BTreeMap<(String, String), usize>,
    series_max: usize,
    is_full: bool,
}

impl Counting {
    /// Adds the series of `rows`, of each row one, that are wanted and not known yet.
    fn add(&mut self, rows: &RecordBatch, is_wanted: impl Fn(usize) -> bool) -> Result<(), ArrowError> {
        if rows.num_rows() == 0 {
            return Ok(());
        }
        let ids = rows.column_by_name(c::SERIES_ID).and_then(|ids| ids.as_primitive_opt::<UInt64Type>());
        let ids = ids.ok_or_else(|| missing(c::SERIES_ID))?;
        let (metrics, services) = (words(rows, c::METRIC_NAME)?, words(rows, c::SERVICE_NAME)?);
        // Texts are put together once for each pair of them.
        let mut of_pairs: HashMap<[Option<usize>; 2], usize> = HashMap::new();
        for row in (0..rows.num_rows()).filter(|row| is_wanted(*row)) {
            let id = ids.value(row);
            if self.seen.len() >= self.series_max && !self.seen.contains(&id) {
                self.is_full = true;
                continue;
            }
            if self.seen.insert(id) {
                *of_pairs.entry([metrics.key(row), services.key(row)]).or_default() += 1;
            }
        }
        for ([metric, service], series) in of_pairs {
            let pair = (text(metrics, metric), text(services, service));
            *self.counts.entry(pair).or_default() += series;
        }
        Ok(())
    }
}

fn words<'a>(rows: &'a RecordBatch, name: &str) -> Result<&'a DictionaryArray<Int32Type>, ArrowError> {
    rows.column_by_name(name).and_then(|words| words.as_dictionary_opt()).ok_or_else(|| missing(name))
}

fn text(words: &DictionaryArray<Int32Type>, key: Option<usize>) -> String {
    let texts = words.values().as_string_opt::<i32>();
    let found = texts.zip(key).filter(|(texts, key)| texts.is_valid(*key)).map(|(texts, key)| texts.value(key).to_owned());
    found.unwrap_or_default()
}

fn missing(column: &str) -> ArrowError {
    ArrowError::SchemaError(format!("column {column} of points is missing or of another type"))
}
