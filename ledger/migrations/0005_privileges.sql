-- What the role that the server runs as may do: read, append through the functions, and keep its keys.
DO $$
DECLARE
    app name := current_schema() || '_app';
BEGIN
    EXECUTE 'REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA ' || quote_ident(current_schema()) || ' FROM PUBLIC';
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), app);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO %I', current_schema(), app);
    EXECUTE format('GRANT EXECUTE ON FUNCTION append_events, restore_events TO %I', app);
    EXECUTE format('GRANT INSERT, UPDATE (revoked_at, last_used_at) ON keys TO %I', app);
END $$;
