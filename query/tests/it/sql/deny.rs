//! SQL only reads, and only what is ours.

use http::StatusCode;

use crate::loaded::Loaded;

/// Statements that change something, or reach out.
pub(crate) const WRITES: &str = "
    CREATE TABLE t AS SELECT 1
    CREATE TABLE t (a INT)
    CREATE OR REPLACE TABLE spans AS SELECT 1
    CREATE VIEW v AS SELECT * FROM spans
    CREATE OR REPLACE VIEW spans AS SELECT 1
    CREATE SCHEMA s
    CREATE DATABASE d
    CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'
    CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION 's3://bucket/'
    CREATE UNBOUNDED EXTERNAL TABLE t (a INT) STORED AS JSON LOCATION '/tmp'
    CREATE FUNCTION f(INT) RETURNS INT RETURN $1
    CREATE FUNCTION f AS 'x' USING JAR 'http://example.com/x.jar'
    CREATE INDEX i ON spans (name)
    CREATE ROLE r
    CREATE SEQUENCE s
    DROP TABLE spans
    DROP TABLE IF EXISTS spans CASCADE
    DROP VIEW spans
    DROP SCHEMA main CASCADE
    DROP FUNCTION hex
    DROP INDEX i
    TRUNCATE TABLE spans
    ALTER TABLE spans ADD COLUMN a INT
    ALTER TABLE spans RENAME TO t
    ALTER SESSION SET a = 1
    INSERT INTO spans SELECT * FROM spans
    INSERT INTO spans (name) VALUES ('x')
    INSERT OVERWRITE spans SELECT * FROM spans
    INSERT OVERWRITE DIRECTORY '/tmp/x' SELECT 1
    UPDATE spans SET name = 'x'
    DELETE FROM spans
    DELETE FROM spans WHERE 1 = 1
    MERGE INTO spans USING logs ON true WHEN MATCHED THEN DELETE
    REPLACE INTO spans VALUES (1)
    COPY spans TO '/tmp/x.parquet'
    COPY spans TO 's3://bucket/x' STORED AS CSV
    COPY (SELECT * FROM spans) TO '/tmp/x.csv' STORED AS CSV
    COPY spans FROM '/etc/passwd'
    COPY spans TO PROGRAM 'sh'
    SET datafusion.execution.batch_size = 1
    SET datafusion.catalog.location = '/etc'
    SET TIME ZONE 'UTC'
    SET ROLE admin
    RESET datafusion.execution.batch_size
    RESET ALL
    PREPARE p AS SELECT 1
    EXECUTE p
    DEALLOCATE p
    DECLARE c CURSOR FOR SELECT 1
    FETCH NEXT FROM c
    CLOSE c
    BEGIN
    START TRANSACTION
    COMMIT
    ROLLBACK
    SAVEPOINT s
    RELEASE SAVEPOINT s
    LOCK TABLES spans READ
    GRANT SELECT ON spans TO public
    REVOKE SELECT ON spans FROM public
    CALL f()
    KILL 1
    USE other
    ANALYZE TABLE spans
    VACUUM
    OPTIMIZE TABLE spans
    FLUSH TABLES
    CACHE TABLE spans
    UNCACHE TABLE spans
    LISTEN c
    NOTIFY c
    LOAD DATA INPATH '/etc/passwd' INTO TABLE spans
    INSTALL httpfs
    LOAD httpfs
    ATTACH DATABASE '/tmp/x.db' AS x
    DETACH DATABASE x
    PRAGMA table_info
    COMMENT ON TABLE spans IS 'x'
    MSCK REPAIR TABLE spans
    UNLOAD (SELECT 1) TO 's3://x' IAM_ROLE 'r'
    EXPLAIN ANALYZE SELECT 1
    EXPLAIN ANALYZE VERBOSE SELECT * FROM spans
    EXPLAIN INSERT INTO spans SELECT * FROM spans
    EXPLAIN COPY spans TO '/tmp/x'
    EXPLAIN CREATE TABLE t AS SELECT 1
    EXPLAIN DROP TABLE spans
    SELECT 1; SELECT 2
    SELECT 1; DROP TABLE spans
    SELECT * INTO t FROM spans
    WITH x AS (INSERT INTO spans SELECT * FROM spans RETURNING *) SELECT * FROM x
    WITH x AS (DELETE FROM spans RETURNING *) SELECT * FROM x
    SELECT * FROM spans FOR UPDATE
    SHOW ALL
    SHOW datafusion.execution.batch_size
    SHOW FUNCTIONS
    SHOW CREATE TABLE spans
    CREATE TABLE t AS SELECT * FROM breaker_trips(now() - INTERVAL '1 hour', now())
    CREATE VIEW breaker_trips AS SELECT 1
    CREATE FUNCTION breaker_trips(TEXT, TEXT) RETURNS INT RETURN 1
    DROP FUNCTION breaker_trips
    INSERT INTO breaker_trips VALUES ('x')
    INSERT INTO breaker_trips('2026-09-21', '2026-09-22') VALUES ('x')
    DELETE FROM breaker_trips
    COPY (SELECT * FROM breaker_trips(now() - INTERVAL '1 hour', now())) TO '/tmp/x.csv' STORED AS CSV
    EXPLAIN ANALYZE SELECT * FROM breaker_trips(now() - INTERVAL '1 hour', now())
";

/// Queries for what is not ours.
pub(crate) const REACHES: &str = "
    SELECT * FROM '/etc/passwd'
    SELECT * FROM '/etc/passwd.csv'
    SELECT * FROM \"/etc/passwd\"
    SELECT * FROM 'https://example.com/x.parquet'
    SELECT * FROM 's3://bucket/x.parquet'
    SELECT * FROM 'data/1/spans'
    SELECT * FROM read_parquet('/etc/passwd')
    SELECT * FROM read_csv('/etc/passwd')
    SELECT * FROM parquet_metadata('/etc/passwd')
    SELECT * FROM metadata_cache()
    SELECT * FROM list_files_cache()
    SELECT * FROM statistics_cache()
    SELECT * FROM pg_catalog.pg_user
    SELECT * FROM other.main.spans
    SELECT * FROM datafusion.public.spans
    SELECT * FROM ducklake_metadata
    SELECT * FROM fusebox_wal_position
    SELECT * FROM generate_series(1, 10)
    SELECT * FROM range(1, 10)
    SELECT pg_read_file('/etc/passwd')
    SELECT pg_sleep(100)
    SELECT load_extension('x')
    SELECT repeat('x', 1000000000)
    SELECT lpad('x', 1000000000, 'y')
    SELECT range(0, 10000000000)
    SELECT generate_series(0, 10000000000)
    SELECT array_repeat(1, 10000000000)
    SELECT array_resize([1], 10000000000, 1)
    SELECT * FROM breaker_trips
    SELECT breaker_trips(now() - INTERVAL '1 hour', now())
    SELECT * FROM breaker_trips('/etc/passwd', now())
    SELECT * FROM breaker_trips(now() - INTERVAL '8 days', now())
    SELECT * FROM breaker_trips((SELECT min(start_time) FROM spans), now())
    SELECT t.* FROM spans, LATERAL breaker_trips(start_time, now()) t
    SELECT * FROM main.breaker_trips
    SELECT * FROM other.main.breaker_trips('2026-09-21', '2026-09-22')
";

/// One a line.
pub(crate) fn statements(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

#[tokio::test]
async fn nothing_is_changed_or_reached() {
    let loaded = Loaded::empty();
    assert!(statements(WRITES).chain(statements(REACHES)).count() >= 100);
    for statement in statements(WRITES).chain(statements(REACHES)) {
        let (status, problem) = loaded.problem(statement).await;
        assert!(matches!(status, StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST), "{statement}: {status} {problem}");
    }
    for statement in ["DROP TABLE spans", "COPY spans TO '/tmp/x.parquet'", "EXPLAIN ANALYZE SELECT 1", "SELECT 1; SELECT 2", "SET a = 1"] {
        let (status, problem) = loaded.problem(statement).await;
        assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &"read_only".into()), "{statement}: {problem}");
    }
    assert_eq!(loaded.rows("SELECT count(*) FROM spans").await, ["0"]);
}

#[tokio::test]
async fn looking_around_is_allowed() {
    let loaded = Loaded::empty();
    let tables = loaded.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'main' ORDER BY 1").await;
    assert_eq!(
        tables,
        [
            "breaker_signals",
            "edge_halves",
            "edge_minutes",
            "errors",
            "logs",
            "metrics",
            "operation_minutes",
            "rejections",
            "resilience_actions",
            "spans"
        ]
        .map(|name| format!("{name:?}"))
    );
    for query in ["SHOW TABLES", "SHOW COLUMNS FROM spans", "DESCRIBE logs", "EXPLAIN SELECT count(*) FROM spans WHERE name = 'x'"] {
        assert!(!loaded.rows(query).await.is_empty(), "{query}");
    }
}
