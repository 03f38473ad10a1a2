-- CreateTable
CREATE TABLE "audit_entry" (
    "ordinal" SERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "since" TIMESTAMPTZ(3),
    "actor_kind" TEXT NOT NULL,
    "actor_id" TEXT NOT NULL,
    "actor_name" TEXT NOT NULL,
    "address" TEXT,
    "action" TEXT NOT NULL,
    "target_type" TEXT,
    "target_id" TEXT,
    "target_name" TEXT,
    "outcome" TEXT NOT NULL,
    "code" TEXT,
    "detail" JSONB NOT NULL DEFAULT '{}',
    "count" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "audit_entry_pkey" PRIMARY KEY ("ordinal")
);

-- CreateIndex
CREATE INDEX "audit_entry_at_idx" ON "audit_entry"("at");

-- Append-only. Retention names the time before which it deletes in the setting mien.audit_expires_before, for its own
-- transaction alone; nothing of the last day can be deleted in that way either.
CREATE FUNCTION audit_entry_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  named text := nullif(current_setting('mien.audit_expires_before', true), '');
BEGIN
  IF TG_OP = 'DELETE' AND named IS NOT NULL THEN
    IF TG_LEVEL = 'STATEMENT' THEN
      RETURN NULL;
    ELSIF OLD.at < named::timestamptz AND OLD.at < now() - interval '1 day' THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION '% on audit_entry is refused: the audit is append-only', TG_OP
    USING ERRCODE = 'insufficient_privilege', HINT = 'MIEN_AUDIT_DAYS says how long its entries are kept.';
END $$;

CREATE TRIGGER audit_entry_refuses BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit_entry"
  FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_append_only();
CREATE TRIGGER audit_entry_expires BEFORE DELETE ON "audit_entry"
  FOR EACH ROW EXECUTE FUNCTION audit_entry_append_only();

-- Also in a session that replays what another server did (session_replication_role).
ALTER TABLE "audit_entry" ENABLE ALWAYS TRIGGER audit_entry_refuses;
ALTER TABLE "audit_entry" ENABLE ALWAYS TRIGGER audit_entry_expires;
