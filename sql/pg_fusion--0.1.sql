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
    OUT protocol_violations bigint,
    OUT filters_held integer)
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

-- Counters since the server's start or the last reset (docs/metrics.md). They hold no data of anyone.
CREATE FUNCTION pg_fusion_metrics(
    OUT component text,
    OUT metric text,
    OUT kind text,
    OUT unit text,
    OUT value bigint,
    OUT reset_epoch bigint)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'pg_fusion_metrics'
LANGUAGE C STRICT VOLATILE PARALLEL SAFE;

-- Sets metrics and decisions to zero; returns the new epoch. As pg_stat_reset: superusers, and whom they grant it.
CREATE FUNCTION pg_fusion_metrics_reset() RETURNS bigint
AS 'MODULE_PATHNAME', 'pg_fusion_metrics_reset'
LANGUAGE C STRICT VOLATILE PARALLEL SAFE;

-- What became of the statements seen while pg_fusion.enable was not off: planned by the engine, refused with an error,
-- left to PostgreSQL (auto), or bypassed; with the construct or the reason.
CREATE FUNCTION pg_fusion_decisions(
    OUT decision text,
    OUT reason text,
    OUT statements bigint)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'pg_fusion_decisions'
LANGUAGE C STRICT VOLATILE PARALLEL SAFE;

-- Sessions with the worker, one row each: a planning conversation or an execution, which a suspended cursor keeps.
-- Everybody sees pid, slot and epoch; the rest is for the session's own user and members of pg_read_all_stats.
CREATE FUNCTION pg_fusion_activity(
    OUT pid integer,
    OUT slot integer,
    OUT lease_epoch bigint,
    OUT usesysid oid,
    OUT machine text,
    OUT state text,
    OUT waiting_on text,
    OUT executor integer,
    OUT scan_producers integer,
    OUT permits_scan integer,
    OUT permits_result integer,
    OUT pages_reserved integer,
    OUT pages_leased integer,
    OUT pages_issued integer,
    OUT pages_imported integer,
    OUT started timestamptz,
    OUT rows_scanned bigint,
    OUT result_pages bigint,
    OUT bytes_on_disk bigint)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'pg_fusion_activity'
LANGUAGE C STRICT VOLATILE PARALLEL SAFE;

-- Pages of the pool by owner, side and state; no owner: the pool itself.
CREATE FUNCTION pg_fusion_pages(
    OUT pid integer,
    OUT slot integer,
    OUT lease_epoch bigint,
    OUT side text,
    OUT state text,
    OUT pages integer)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'pg_fusion_pages'
LANGUAGE C STRICT VOLATILE PARALLEL SAFE;

-- waiting_on is NULL for a backend that works itself; worker, page or ring while it sleeps; reader while somebody reads
-- rows it has brought (a cursor nobody fetches from stays there). rows_scanned and result_pages count since the session
-- began; bytes_on_disk is what the worker has written of it for want of memory and still keeps.
CREATE VIEW pg_stat_fusion_activity AS
SELECT a.pid, a.slot, a.lease_epoch, a.usesysid, pg_catalog.pg_get_userbyid(a.usesysid) AS usename, a.machine, a.state,
       a.waiting_on, a.executor, a.scan_producers, a.permits_scan, a.permits_result, a.pages_reserved, a.pages_leased,
       a.pages_issued, a.pages_imported, a.started, a.rows_scanned, a.result_pages,
       a.bytes_on_disk
FROM pg_fusion_activity() AS a;

CREATE VIEW pg_stat_fusion_pages AS
SELECT p.pid, p.slot, p.lease_epoch, p.side, p.state, p.pages FROM pg_fusion_pages() AS p;

GRANT SELECT ON pg_stat_fusion_activity TO PUBLIC;
REVOKE ALL ON FUNCTION pg_fusion_metrics_reset() FROM PUBLIC;
REVOKE ALL ON FUNCTION pg_fusion_metrics() FROM PUBLIC;
REVOKE ALL ON FUNCTION pg_fusion_decisions() FROM PUBLIC;
REVOKE ALL ON FUNCTION pg_fusion_pages() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pg_fusion_metrics() TO pg_read_all_stats;
GRANT EXECUTE ON FUNCTION pg_fusion_decisions() TO pg_read_all_stats;
GRANT EXECUTE ON FUNCTION pg_fusion_pages() TO pg_read_all_stats;
GRANT SELECT ON pg_stat_fusion_pages TO pg_read_all_stats;

-- Cost of scan production in this backend, without the worker: a row for each run and path ("touch" reads every byte of
-- the heap and is the floor, "lines" a word of each cache line, "executor" and "heap batches" fill pages, "two producers"
-- is heap batches beside a parallel worker, "touch by two" and "lines by two" likewise; NULL runs all in turn), per row of the table. Reads the leading columns, or those of the list `names`.
-- Superusers only.
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
