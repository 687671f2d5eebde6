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
