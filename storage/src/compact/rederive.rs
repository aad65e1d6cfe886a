//! Rows whose meaning changed: what is derived from the rows that arrived in some time is made again, in blocks that take the place of
//! the others in one commit.
//!
//! ```text
//!  spans, logs      every block with such rows is written anew: the same rows in the same order, other derived columns
//!  metrics          are only read
//!  derived tables   rows of the same requests go, those that were made now come
//!  sums by minute   the minutes in which such spans started are added up again, of all spans that started in them
//! ```
//!
//! Derived rows stay when the rows they are from are gone already. What arrives meanwhile is in blocks of its own and is not touched.
//! Memory: one row group, what is derived, and the sums.

use std::{
    collections::{BTreeSet, HashSet},
    ops::Range,
    sync::Arc,
};

use arrow::{
    array::{BooleanArray, RecordBatch},
    compute::{filter_record_batch, interleave_record_batch},
};
use schemas::{
    Table, TableBatch, TenantId, UnixNanos,
    columns::{RECEIVED_AT, START_TIME},
};

mod rows;

pub(crate) use rows::first_arrival;
use rows::{MINUTE_NS, at, chunks, may_have, minute, times};

use super::{
    Compactor,
    compactor::{CompactError, Rewrite, State},
    merge,
};
use crate::{
    block::{self, Block, BlockError, BlockPlan, Name, OwnHours, RowPlace, Target},
    io::create_dirs_durable,
    rollup::OperationMinutes,
    wal::Lsn,
};

/// Rows of a table whose records are sent, to the same rows in their order with their derived columns anew, and the rows of derived
/// tables that they make. Injected, so that storage does not know what rows mean. The error text says what failed.
pub type Rederive = dyn Fn(&TableBatch) -> Result<Vec<TableBatch>, String> + Send + Sync;

/// What [`crate::Store::rederive`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rederived {
    /// Rows that arrived in the time.
    pub rows: u64,
    /// Blocks that were written, and those whose place they took.
    pub blocks: usize,
    pub replaced: usize,
    /// By derived table: rows that went, and rows that came.
    pub derived: Vec<(Table, u64, u64)>,
}

/// What one tenant has, and what becomes of it.
struct Work<'a> {
    compactor: &'a Compactor,
    tenant: TenantId,
    arrived: Range<UnixNanos>,
    rederive: &'a Rederive,
    rewrite: Rewrite,
    /// Arrivals of the requests whose rows were made again.
    requests: HashSet<i64>,
    /// Starts of the minutes whose sums are made again.
    minutes: BTreeSet<i64>,
    sums: OperationMinutes,
    facts: Vec<TableBatch>,
    done: Rederived,
}

impl Compactor {
    /// See [`crate::Store::rederive`].
    pub(crate) fn rederive(&self, arrived: Range<UnixNanos>, rederive: &Rederive) -> Result<Rederived, CompactError> {
        let mut state = self.settled()?;
        let blocks = Arc::clone(&self.core.shown().blocks);
        let tenants: BTreeSet<TenantId> = blocks.iter().map(|block| block.tenant).collect();
        let mut done = Rederived::default();
        for tenant in tenants {
            let own: Vec<Arc<Block>> = blocks.iter().filter(|block| block.tenant == tenant).cloned().collect();
            let work = Work {
                compactor: self,
                tenant,
                arrived: arrived.clone(),
                rederive,
                rewrite: Rewrite::default(),
                requests: HashSet::new(),
                minutes: BTreeSet::new(),
                sums: OperationMinutes::default(),
                facts: Vec::new(),
                done: Rederived::default(),
            };
            let added = work.carry_out(&mut state, &own).inspect_err(|error| {
                // Whether it is damage is told by whoever looks next.
                if let CompactError::Input(input) = error {
                    self.reader.suspects().note(input.id);
                }
            });
            done.add(added?);
        }
        Ok(done)
    }
}

impl Work<'_> {
    fn carry_out(mut self, state: &mut State, blocks: &[Arc<Block>]) -> Result<Rederived, CompactError> {
        let sent: Vec<&Arc<Block>> = blocks.iter().filter(|block| block.table.is_sent() && may_have(block, &self.arrived)).collect();
        let mut touched = Vec::with_capacity(sent.len());
        for block in sent {
            if self.look(block)? {
                touched.push(Arc::clone(block));
            }
        }
        if touched.is_empty() {
            return Ok(self.done);
        }
        self.compactor.check_room(&touched)?;
        match self.write(blocks, &touched) {
            Ok(()) => {
                self.done.replaced = self.rewrite.inputs.len();
                self.compactor.swap(state, self.rewrite).map(|()| self.done)
            }
            Err(error) => {
                self.compactor.take_back(&self.rewrite.numbers);
                Err(error)
            }
        }
    }

    /// Notes the requests and minutes of the block's rows; false when none of them arrived in the time.
    fn look(&mut self, block: &Block) -> Result<bool, CompactError> {
        let names: &[&str] = if block.table == Table::Spans { &[RECEIVED_AT, START_TIME] } else { &[RECEIVED_AT] };
        let rolled_up = self.is_rolled_up(block);
        let before = self.done.rows;
        for batch in self.compactor.reader.columns(block, names).map_err(at(block))? {
            let arrivals = times(&batch, RECEIVED_AT).map_err(at(block))?;
            let starts = if rolled_up { Some(times(&batch, START_TIME).map_err(at(block))?) } else { None };
            for (row, arrival) in arrivals.iter().enumerate().filter(|(_, arrival)| self.arrived.contains(&UnixNanos(**arrival))) {
                self.requests.insert(*arrival);
                self.minutes.extend(starts.map(|starts| minute(starts[row])));
                self.done.rows += 1;
            }
        }
        Ok(self.done.rows > before)
    }

    /// Spans of earlier versions are in no sum.
    fn is_rolled_up(&self, block: &Block) -> bool {
        block.table == Table::Spans && block.lsn > self.compactor.core.rolled_up_since[0]
    }

    fn write(&mut self, blocks: &[Arc<Block>], touched: &[Arc<Block>]) -> Result<(), CompactError> {
        for block in touched {
            match block.table {
                Table::Metrics => self.read(block)?,
                _ => self.write_anew(block)?,
            }
        }
        let lsn = touched.iter().map(|block| block.lsn).max().unwrap_or_default();
        self.write_derived(blocks, lsn)?;
        self.write_sums(blocks, touched, lsn)
    }

    /// Rows without derived columns.
    fn read(&mut self, block: &Block) -> Result<(), CompactError> {
        for batch in chunks(self.compactor, block) {
            let batch = batch?;
            let arrived = self.arrived_of(&batch).map_err(at(block))?;
            let rows = filter_record_batch(&batch, &arrived).map_err(|error| at(block)(error.into()))?;
            if rows.num_rows() > 0 {
                self.derive(block.table, rows).map_err(at(block))?;
            }
        }
        Ok(())
    }

    fn write_anew(&mut self, block: &Arc<Block>) -> Result<(), CompactError> {
        let inputs = [Arc::clone(block)];
        let plans = merge::plan_outputs(&self.compactor.reader, &inputs)?;
        let (table, rolled_up) = (block.table, self.is_rolled_up(block));
        for plan in plans {
            self.output((table, block.lsn), plan, |work, places| {
                let batch = merge::gather(&work.compactor.reader, &inputs, places).map_err(|error| error.source)?;
                let batch = work.anew(table, batch)?;
                if rolled_up {
                    work.add_up(&batch)?;
                }
                Ok(batch)
            })?;
        }
        self.rewrite.inputs.push(Arc::clone(block));
        Ok(())
    }

    /// `batch`, in which the rows that arrived in the time have other derived columns.
    fn anew(&mut self, table: Table, batch: RecordBatch) -> Result<RecordBatch, BlockError> {
        let arrived = self.arrived_of(&batch)?;
        match arrived.true_count() {
            0 => Ok(batch),
            rows if rows == batch.num_rows() => self.derive(table, batch),
            _ => {
                let anew = self.derive(table, filter_record_batch(&batch, &arrived)?)?;
                let mut next = 0..anew.num_rows();
                let places: Vec<RowPlace> = arrived
                    .values()
                    .iter()
                    .enumerate()
                    .map(|(row, new)| if new { (1, next.next().unwrap_or(0)) } else { (0, row) })
                    .collect();
                Ok(interleave_record_batch(&[&batch, &anew], &places)?)
            }
        }
    }

    fn derive(&mut self, table: Table, batch: RecordBatch) -> Result<RecordBatch, BlockError> {
        let rows = batch.num_rows();
        let mut made = (self.rederive)(&TableBatch { table, batch }).map_err(BlockError::Derive)?.into_iter();
        let own = made.next().filter(|own| own.table == table && own.batch.num_rows() == rows && own.batch.schema() == table.schema());
        self.facts.extend(made);
        own.map(|own| own.batch).ok_or_else(|| BlockError::Derive(format!("other rows than the {rows} of {table} that were given")))
    }

    /// Adds the spans of the minutes that are added up again.
    fn add_up(&mut self, spans: &RecordBatch) -> Result<(), BlockError> {
        let starts = times(spans, START_TIME)?;
        let wanted: BooleanArray = starts.iter().map(|start| Some(self.minutes.contains(&minute(*start)))).collect();
        Ok(self.sums.add_spans(&filter_record_batch(spans, &wanted)?)?)
    }

    fn arrived_of(&self, batch: &RecordBatch) -> Result<BooleanArray, BlockError> {
        Ok(times(batch, RECEIVED_AT)?.iter().map(|arrival| Some(self.arrived.contains(&UnixNanos(*arrival)))).collect())
    }

    fn write_derived(&mut self, blocks: &[Arc<Block>], lsn: Lsn) -> Result<(), CompactError> {
        let facts = std::mem::take(&mut self.facts);
        // Calls do not depend on what records mean.
        let derived = |table: &Table| !table.is_sent() && !table.is_rollup() && *table != Table::EdgeHalves;
        for table in Table::ALL.into_iter().filter(derived) {
            let mut rows: Vec<RecordBatch> = facts.iter().filter(|fact| fact.table == table).map(|fact| fact.batch.clone()).collect();
            let came: usize = rows.iter().map(RecordBatch::num_rows).sum();
            let (mut went, mut inputs) = (0, Vec::new());
            for block in blocks.iter().filter(|block| block.table == table && may_have(block, &self.arrived)) {
                let (kept, gone) = self.without_requests(block)?;
                if gone > 0 {
                    went += gone;
                    rows.extend(kept);
                    inputs.push(Arc::clone(block));
                }
            }
            self.done.derived.push((table, went as u64, came as u64));
            self.write_rows((table, lsn), &rows, &inputs)?;
            self.rewrite.inputs.extend(inputs);
        }
        Ok(())
    }

    /// The rows of other requests, and how many are not.
    fn without_requests(&self, block: &Block) -> Result<(Vec<RecordBatch>, usize), CompactError> {
        let (mut kept, mut gone) = (Vec::new(), 0);
        for batch in chunks(self.compactor, block) {
            let batch = batch?;
            let arrivals = times(&batch, RECEIVED_AT).map_err(at(block))?;
            let stays = |arrival: &i64| !(self.arrived.contains(&UnixNanos(*arrival)) && self.requests.contains(arrival));
            let stays: BooleanArray = arrivals.iter().map(|arrival| Some(stays(arrival))).collect();
            gone += stays.false_count();
            kept.push(filter_record_batch(&batch, &stays).map_err(|error| at(block)(error.into()))?);
        }
        Ok((kept, gone))
    }

    fn write_sums(&mut self, blocks: &[Arc<Block>], touched: &[Arc<Block>], lsn: Lsn) -> Result<(), CompactError> {
        let (Some(first), Some(last)) = (self.minutes.first().copied(), self.minutes.last().copied()) else { return Ok(()) };
        let overlaps = |block: &Block| block.time.first.0 < last + MINUTE_NS && block.time.last.0 >= first;
        let is_other = |block: &Block| touched.iter().all(|touched| touched.id != block.id);
        let others: Vec<_> = blocks.iter().filter(|block| self.is_rolled_up(block) && overlaps(block) && is_other(block)).collect();
        for block in others {
            for batch in chunks(self.compactor, block) {
                self.add_up(&batch?).map_err(at(block))?;
            }
        }
        let core = &self.compactor.core;
        let known = core.shown().known(self.tenant);
        self.rewrite.known.push((self.tenant, self.sums.limit(&known, core.config.rollup_values_max)));
        let table = Table::OperationMinutes;
        let mut inputs = Vec::new();
        for block in blocks.iter().filter(|block| block.table == table && overlaps(block)) {
            for batch in chunks(self.compactor, block) {
                let batch = batch?;
                let others = times(&batch, table.time_column()).map_err(at(block))?;
                let others: BooleanArray = others.iter().map(|minute| Some(!self.minutes.contains(minute))).collect();
                let others = filter_record_batch(&batch, &others).map_err(|error| at(block)(error.into()))?;
                self.sums.add_rows(&others).map_err(|error| at(block)(error.into()))?;
            }
            inputs.push(Arc::clone(block));
        }
        let sums = std::mem::take(&mut self.sums).finish().map_err(CompactError::Rollup)?;
        self.write_rows((table, lsn), &[sums], &inputs)?;
        self.rewrite.inputs.extend(inputs);
        Ok(())
    }

    /// Blocks of `rows`, which take the place of `inputs`.
    fn write_rows(&mut self, (table, lsn): (Table, Lsn), rows: &[RecordBatch], inputs: &[Arc<Block>]) -> Result<(), CompactError> {
        let rows: Vec<&RecordBatch> = rows.iter().filter(|rows| rows.num_rows() > 0).collect();
        let rows = block::share_dictionaries(&rows).map_err(CompactError::Dictionaries)?;
        let rows: Vec<&RecordBatch> = rows.iter().collect();
        let received = rows.iter().filter_map(|batch| times(batch, RECEIVED_AT).ok()?.iter().max().copied()).max().unwrap_or_default();
        let lsn = inputs.iter().map(|block| block.lsn).max().unwrap_or(lsn);
        for plan in block::plan(table, &rows, OwnHours::of_rewrite(UnixNanos(received))) {
            self.output((table, lsn), plan, |_, places| Ok(block::gather(&table.schema(), &rows, places)?))?;
        }
        Ok(())
    }

    fn output(
        &mut self,
        (table, lsn): (Table, Lsn),
        plan: BlockPlan,
        mut gather: impl FnMut(&mut Self, &[RowPlace]) -> Result<RecordBatch, BlockError>,
    ) -> Result<(), CompactError> {
        let Self { compactor, tenant, .. } = *self;
        let core = &compactor.core;
        let (io, data_dir) = (core.io.as_ref(), core.config.data_dir.as_path());
        let dir = data_dir.join(block::dir(tenant, table));
        create_dirs_durable(io, data_dir, &dir).map_err(|source| CompactError::MakeDir { path: dir, source })?;
        let numbers = compactor.catalog.lock().begin_rewrite(io, 1)?;
        self.rewrite.numbers.extend(&numbers);
        let target = Target { io, data_dir, tenant, table, name: Name::Rewrite(numbers[0]), lsn };
        let written = block::write(&target, plan, |places| gather(self, places))?;
        self.rewrite.outputs.push(written);
        self.done.blocks = self.rewrite.outputs.len();
        Ok(())
    }
}

impl Rederived {
    fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.blocks += other.blocks;
        self.replaced += other.replaced;
        for (table, went, came) in other.derived {
            match self.derived.iter_mut().find(|(known, ..)| *known == table) {
                Some((_, all_went, all_came)) => (*all_went, *all_came) = (*all_went + went, *all_came + came),
                None => self.derived.push((table, went, came)),
            }
        }
    }
}
