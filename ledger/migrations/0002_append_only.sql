-- Nothing that was recorded changes. The role that the server runs as has no privilege to change it (0005); these
-- triggers say the same to the owner and to superusers, who would otherwise do it by accident. ENABLE ALWAYS: also
-- where session_replication_role switches other triggers off.

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', HINT = 'A mistake is corrected by a further event.';
END $$;

-- The one change of an event that is let pass: texts (with their salts) become redactions, and all else stays,
-- byte for byte (*<> compares images: 1 and 1.0 are equal numbers, but not the same leaf).
CREATE FUNCTION refuse_all_but_redaction() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    same events := NEW;
BEGIN
    same.texts := OLD.texts;
    IF same *<> OLD OR EXISTS (
        SELECT FROM jsonb_each(OLD.texts) AS was FULL JOIN jsonb_each(NEW.texts) AS will USING (key)
        WHERE will.value IS DISTINCT FROM was.value
          AND NOT coalesce(was.value ? 'text' AND will.value @> '{"redacted": true}'
                           AND will.value ?& '{at,reason}'
                           AND will.value - '{redacted,at,reason}'::text[] = '{}', false)
    ) THEN
        RAISE EXCEPTION 'the ledger is append-only: of event % only texts may be redacted', OLD.position
            USING ERRCODE = 'restrict_violation', HINT = 'A mistake is corrected by a further event.';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION refuse_going_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.position < OLD.position OR NEW.recorded_at < OLD.recorded_at OR NEW.restored < OLD.restored
       OR NEW.recorded_at IS NULL AND OLD.recorded_at IS NOT NULL THEN
        RAISE EXCEPTION 'the ledger is append-only: its head does not go back from % to %', OLD.position, NEW.position
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

-- A claim goes only with the personal data of the member that held it: a person's external id is personal data too.
CREATE FUNCTION refuse_all_but_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT (starts_with(OLD.scope, 'external_id:') AND starts_with(OLD.stream, 'member/'))
       OR EXISTS (SELECT FROM people WHERE member = split_part(OLD.stream, '/', 2)::uuid) THEN
        RAISE EXCEPTION 'the ledger is append-only: % keeps its claim to %', OLD.stream, OLD.value
            USING ERRCODE = 'restrict_violation', HINT = 'Only erasing a member frees its external id.';
    END IF;
    RETURN OLD;
END $$;

CREATE TRIGGER redact_only BEFORE UPDATE ON events FOR EACH ROW EXECUTE FUNCTION refuse_all_but_redaction();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON events EXECUTE FUNCTION refuse_change();
CREATE TRIGGER grow_only BEFORE UPDATE ON head FOR EACH ROW EXECUTE FUNCTION refuse_going_back();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON head EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON attachments EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON cycle_events EXECUTE FUNCTION refuse_change();
CREATE TRIGGER erase_only BEFORE DELETE ON claims FOR EACH ROW EXECUTE FUNCTION refuse_all_but_erasure();
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON claims EXECUTE FUNCTION refuse_change();

ALTER TABLE events ENABLE ALWAYS TRIGGER redact_only, ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE head ENABLE ALWAYS TRIGGER grow_only, ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE attachments ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE cycle_events ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE claims ENABLE ALWAYS TRIGGER erase_only, ENABLE ALWAYS TRIGGER append_only;
