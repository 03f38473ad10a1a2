-- AlterTable
ALTER TABLE "session" ADD COLUMN     "worker_id" UUID;

-- AlterTable
ALTER TABLE "stream" ADD COLUMN     "held_by" UUID;

-- CreateTable
CREATE TABLE "worker" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "worker_pkey" PRIMARY KEY ("id")
);

-- Of a stream that two servers ran at once, the newest session stays as it is; who looks after the others sees that they ended.
WITH doubled AS (
    UPDATE "session" SET "state" = 'INTERRUPTED', "ended_at" = now(),
        "failure" = 'Another server ran this stream, too; since then one does at a time.'
    WHERE "state" IN ('STARTING', 'RUNNING', 'RECONNECTING') AND EXISTS (
        SELECT 1 FROM "session" AS newer WHERE newer."stream_id" = "session"."stream_id" AND newer."ordinal" > "session"."ordinal"
            AND newer."state" IN ('STARTING', 'RUNNING', 'RECONNECTING'))
    RETURNING "id"
)
UPDATE "episode" SET "offset" = greatest("apex", track."last_seen"), "ended_at" = track."ended_at"
FROM "track", doubled
WHERE "episode"."session_id" = doubled."id" AND "offset" IS NULL
    AND track."session_id" = "episode"."session_id" AND track."track" = "episode"."track";

-- One live session a stream, whoever starts it where.
CREATE UNIQUE INDEX "session_one_live" ON "session" ("stream_id") WHERE "state" IN ('STARTING', 'RUNNING', 'RECONNECTING');

-- Streams that should run, which workers look through each second.
CREATE INDEX "stream_wanted" ON "stream" ("ordinal") WHERE "wanted";
