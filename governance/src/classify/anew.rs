//! Rows that were stored under other rules, through those that count now.

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array, new_null_array},
    compute::{concat, take, take_record_batch},
    datatypes::TimestampNanosecondType,
    error::ArrowError,
};
use schemas::{Table, TableBatch, UnixNanos, columns as c};

use super::{Rules, with_facts};

/// The derived columns that a table has, if any.
fn derived_columns(table: Table) -> &'static [&'static str] {
    match table {
        Table::Spans => &[c::ERROR_CODE, c::ERROR_REASON, c::REJECTION_KIND, c::BREAKER_NAME],
        Table::Logs => &[c::ERROR_CODE, c::ERROR_REASON],
        _ => &[],
    }
}

/// The rows of `batch`, of any number of requests, in their order and with the derived columns that `rules` give them; then the rows of
/// the governance tables, each with the arrival of its request. O(rows log rows).
///
/// # Errors
/// When the rows do not fit the schema of their table.
pub fn classify_anew(rules: &Rules, TableBatch { table, batch }: &TableBatch) -> Result<Vec<TableBatch>, ArrowError> {
    let arrivals = batch.column_by_name(c::RECEIVED_AT).and_then(|times| times.as_primitive_opt::<TimestampNanosecondType>());
    let arrivals = arrivals.ok_or_else(|| ArrowError::SchemaError(format!("{table} without {}", c::RECEIVED_AT)))?;
    let cleared = without_derived(*table, batch)?;
    let mut order: Vec<u32> = (0..batch.num_rows() as u32).collect();
    order.sort_by_key(|row| arrivals.value(*row as usize));

    let (mut own, mut facts) = (Vec::new(), Vec::new());
    for of_request in order.chunk_by(|a, b| arrivals.value(*a as usize) == arrivals.value(*b as usize)) {
        let rows = take_record_batch(&cleared, &UInt32Array::from(of_request.to_vec()))?;
        let received_at = UnixNanos(arrivals.value(of_request[0] as usize));
        let mut said = with_facts(rules, vec![TableBatch { table: *table, batch: rows }], received_at).into_iter();
        own.extend(said.next().map(|own| own.batch));
        facts.extend(said);
    }
    let mut anew = vec![TableBatch { table: *table, batch: in_order(*table, cleared, &own, &order)? }];
    anew.extend(facts);
    Ok(anew)
}

fn without_derived(table: Table, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let mut columns = batch.columns().to_vec();
    for name in derived_columns(table) {
        let index = batch.schema().index_of(name)?;
        columns[index] = new_null_array(columns[index].data_type(), batch.num_rows());
    }
    RecordBatch::try_new(batch.schema(), columns)
}

/// `rows` with the derived columns of `parts`, whose rows are those at `order`.
fn in_order(table: Table, rows: RecordBatch, parts: &[RecordBatch], order: &[u32]) -> Result<RecordBatch, ArrowError> {
    if parts.is_empty() || derived_columns(table).is_empty() {
        return Ok(rows);
    }
    let mut place = vec![0; order.len()];
    order.iter().enumerate().for_each(|(index, row)| place[*row as usize] = index as u32);
    let place = UInt32Array::from(place);
    let mut columns = rows.columns().to_vec();
    for name in derived_columns(table) {
        let index = rows.schema().index_of(name)?;
        let of_parts: Vec<&ArrayRef> = parts.iter().map(|part| part.column(index)).collect();
        let of_parts: Vec<&dyn Array> = of_parts.into_iter().map(AsRef::as_ref).collect();
        columns[index] = take(&concat(&of_parts)?, &place, None)?;
    }
    RecordBatch::try_new(rows.schema(), columns)
}

#[cfg(test)]
mod tests {
    use arrow::{compute::concat_batches, record_batch::RecordBatch};
    use schemas::{
        Signal,
        otlp::{DecodeLimits, Format, decode},
    };
    use serde_json::json;

    use super::*;

    /// As ingest makes them: rows of one table, and what they say.
    fn request(nth: i64, rules: &Rules) -> Vec<TableBatch> {
        let span = |id: i64, message: &str| {
            json!({ "traceId": format!("{:032x}", nth * 10 + id), "spanId": format!("{id:016x}"), "name": "GET /a", "kind": 3,
                "startTimeUnixNano": "1000", "endTimeUnixNano": "2000", "status": { "code": 2, "message": message } })
        };
        let spans = [span(1, "circuit breaker is open"), span(2, ""), span(3, "hystrix: circuit open")];
        let body = json!({ "resourceSpans": [{ "resource": { "attributes": [{ "key": "service.name", "value": { "stringValue": "order" } }] },
            "scopeSpans": [{ "spans": spans }] }] });
        let received_at = UnixNanos(nth);
        let decoded = decode(Signal::Traces, Format::Json, body.to_string().as_bytes(), received_at, &DecodeLimits::NONE).expect("OTLP");
        with_facts(rules, decoded.batches, received_at)
    }

    fn whole(batches: &[TableBatch], table: Table) -> RecordBatch {
        let of_table: Vec<&RecordBatch> = batches.iter().filter(|batch| batch.table == table).map(|batch| &batch.batch).collect();
        concat_batches(&table.schema(), of_table).expect("one schema")
    }

    #[test]
    fn rows_that_were_stored_say_what_the_rules_say_now() {
        let shipped = Rules::built_in();
        let mine = "[[rule]]\nid = \"hystrix-go.text\"\non = [\"span\"]\nenabled = false\n";
        let other = Rules::with_overlay("mine.toml", mine).expect("valid rules");
        for (then, now) in [(&other, &shipped), (&shipped, &other), (&shipped, &shipped)] {
            let stored: Vec<TableBatch> = (1..=3).flat_map(|nth| request(nth, then)).collect();
            let expected: Vec<TableBatch> = (1..=3).flat_map(|nth| request(nth, now)).collect();
            // Blocks have the rows of requests between each other.
            let mixed = UInt32Array::from(vec![4, 0, 8, 1, 7, 3, 5, 2, 6]);
            let mix = |batch: RecordBatch| take_record_batch(&batch, &mixed).expect("rows");
            let batch = mix(whole(&stored, Table::Spans));
            let anew = classify_anew(now, &TableBatch { table: Table::Spans, batch }).expect("rows of spans");
            assert_eq!(anew[0].batch, mix(whole(&expected, Table::Spans)));
            let sorted = |batches: &[TableBatch]| {
                let rows = whole(batches, Table::Rejections);
                let arrival = rows.column_by_name(c::RECEIVED_AT).expect("a column").as_primitive::<TimestampNanosecondType>().clone();
                (arrival, rows.num_rows())
            };
            assert_eq!(sorted(&anew), sorted(&expected), "each with the arrival of its request");
        }
    }
}
