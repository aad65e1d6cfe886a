//! SQL out of pieces that mean something, statements with damage, and texts that never were SQL.

use proptest::{collection::vec, prelude::*, sample::select};

use crate::{
    mutation::{mutate, mutation},
    sql::deny,
    sql_checks,
};

/// Words and signs that the parser knows, with what there is to ask for.
const PIECES: &str = r#"SELECT FROM WHERE GROUP BY ORDER LIMIT OFFSET HAVING WITH RECURSIVE AS JOIN LEFT ON USING UNION ALL DISTINCT OVER PARTITION
    CASE WHEN THEN ELSE END IN EXISTS NOT NULL IS BETWEEN LIKE ~ AND OR CAST INTERVAL TIMESTAMP VALUES unnest EXPLAIN SHOW DESCRIBE
    spans logs metrics information_schema.tables name trace_id span_id duration_ns start_time attributes events service_name attrs
    count(*) sum( min( row_number() now() attr( hex( date_bin( array_agg( ( ) [ ] , ; :: . * + - / % || ->> -> = <> >= $1
    'x' '{"a":1}' '1 day' '00000000000000000000000000000001' "name" 1 0 -1 9223372036854775807 1e308 0.5 true -- /* */ ' " é 库存"#;

fn pieces() -> Vec<&'static str> {
    PIECES.split_whitespace().chain(["\n", "\0", "\u{301}"]).collect()
}

/// What people ask, and what nobody may.
fn statements() -> Vec<&'static str> {
    const QUESTIONS: &[&str] = &[
        "SELECT name, count(*) FROM spans WHERE attrs->>'a' = 'x' GROUP BY name ORDER BY 2 DESC LIMIT 3",
        "SELECT date_bin(INTERVAL '1 minute', start_time), sum(duration_ns) FROM spans WHERE trace_id = '00000000000000000000000000000001' GROUP BY 1",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r",
        "SELECT s.name, e['name'] FROM (SELECT name, unnest(events) AS e FROM spans) s",
        "SELECT name, row_number() OVER (PARTITION BY trace_id ORDER BY start_time) FROM spans s JOIN logs l USING (trace_id)",
    ];
    deny::statements(deny::WRITES).chain(deny::statements(deny::REACHES)).chain(QUESTIONS.iter().copied()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, max_shrink_iters: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn put_together(parts in vec(select(pieces()), 0..24)) {
        sql_checks::sql(parts.join(" ").as_bytes());
    }

    #[test]
    fn damaged(statement in select(statements()), mutations in vec(mutation(pieces()), 1..6)) {
        let mut text = statement.to_owned();
        mutations.iter().for_each(|mutation| mutate(&mut text, mutation));
        sql_checks::sql(text.as_bytes());
    }

    #[test]
    fn noise(text in "\\PC{0,40}") {
        sql_checks::sql(text.as_bytes());
    }
}
