-- Functions of pg_fusion. The engine itself needs none of them: it works in every database once the library is
-- preloaded. Besides CREATE EXTENSION, a plain psql may run this file with MODULE_PATHNAME replaced by the
-- library's path.

-- What the shared region holds at this moment. Everything but free_pages is 0 while no statement runs; swept_pages,
-- stale_drops and protocol_violations count since the server's start.
CREATE FUNCTION pg_fusion_audit(
    OUT control_slots_held integer,
    OUT scan_slots_held integer,
    OUT pages_held integer,
    OUT permits_missing integer,
    OUT free_pages integer,
    OUT worker_state text,
    OUT worker_pid integer,
    OUT swept_pages bigint,
    OUT stale_drops bigint,
    OUT protocol_violations bigint)
RETURNS record
AS 'MODULE_PATHNAME', 'pg_fusion_audit'
LANGUAGE C STRICT VOLATILE PARALLEL SAFE;

-- Tells of other users' statements, if only their number.
REVOKE ALL ON FUNCTION pg_fusion_audit() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pg_fusion_audit() TO pg_monitor;

-- offline, starting, ready, disabled (it failed repeatedly: see the server log), or unavailable (no shared region).
CREATE FUNCTION pg_fusion_worker_state() RETURNS text
AS 'MODULE_PATHNAME', 'pg_fusion_worker_state'
LANGUAGE C STRICT VOLATILE PARALLEL SAFE;

CREATE FUNCTION pg_fusion_version() RETURNS text
AS 'MODULE_PATHNAME', 'pg_fusion_version'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;

-- Cost of scan production in this backend, without the worker: a row for each run and path ("touch" reads every byte of
-- the heap and is the floor, "executor" and "heap batches" fill pages; NULL runs all three in turn), per row of the table.
-- Reads the leading columns, or those of the list `names`. Superusers only.
CREATE FUNCTION pg_fusion_scan_bench(
    rel regclass,
    columns integer,
    path text DEFAULT NULL,
    runs integer DEFAULT 1,
    qual text DEFAULT NULL,
    names text DEFAULT NULL,
    OUT path text,
    OUT rows bigint,
    OUT cpu_ns_per_row double precision,
    OUT wall_ns_per_row double precision)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'pg_fusion_scan_bench'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

-- Whether both producers give, through pages and back, the very values PostgreSQL's executor gives for every row of the
-- table that passes the qual; a WARNING names the first difference. Superusers only.
CREATE FUNCTION pg_fusion_scan_check(
    rel regclass,
    qual text DEFAULT NULL,
    page_bytes integer DEFAULT 65536)
RETURNS boolean
AS 'MODULE_PATHNAME', 'pg_fusion_scan_check'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

REVOKE ALL ON FUNCTION pg_fusion_scan_bench(regclass, integer, text, integer, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION pg_fusion_scan_check(regclass, text, integer) FROM PUBLIC;
