-- CreateEnum
CREATE TYPE "Expression" AS ENUM ('NEUTRAL', 'HAPPINESS', 'SURPRISE', 'SADNESS', 'ANGER', 'DISGUST', 'FEAR', 'CONTEMPT');

-- CreateEnum
CREATE TYPE "SessionState" AS ENUM ('STARTING', 'RUNNING', 'RECONNECTING', 'ENDED', 'FAILED', 'INTERRUPTED');

-- CreateTable
CREATE TABLE "stream" (
    "id" UUID NOT NULL,
    "ordinal" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "source" JSONB NOT NULL,
    "purpose" TEXT NOT NULL,
    "frame_rate" DOUBLE PRECISION NOT NULL,
    "loop" BOOLEAN NOT NULL DEFAULT false,
    "realtime" BOOLEAN,
    "wanted" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "stream_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "model" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "sha256" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "license" TEXT NOT NULL,
    "device" TEXT NOT NULL,
    "labels" TEXT[],
    "action_units" TEXT[],
    "metrics" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "model_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "session" (
    "id" UUID NOT NULL,
    "ordinal" SERIAL NOT NULL,
    "stream_id" UUID NOT NULL,
    "model_id" TEXT NOT NULL,
    "state" "SessionState" NOT NULL DEFAULT 'STARTING',
    "failure" TEXT,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),
    "last_seq" INTEGER NOT NULL DEFAULT -1,
    "first_day" DATE,
    "last_day" DATE,
    "trailing_busy" INTEGER NOT NULL DEFAULT 0,
    "trailing_worker" INTEGER NOT NULL DEFAULT 0,
    "trailing_store" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "moment" (
    "session_id" UUID NOT NULL,
    "seq" INTEGER NOT NULL,
    "day" DATE NOT NULL,
    "media_time" DOUBLE PRECISION NOT NULL,
    "wall_time" TIMESTAMPTZ(3) NOT NULL,
    "dropped_busy" INTEGER NOT NULL,
    "dropped_worker" INTEGER NOT NULL,
    "dropped_store" INTEGER NOT NULL,

    CONSTRAINT "moment_pkey" PRIMARY KEY ("session_id","seq","day")
) PARTITION BY RANGE ("day");

-- CreateTable
CREATE TABLE "reading" (
    "session_id" UUID NOT NULL,
    "seq" INTEGER NOT NULL,
    "track" INTEGER NOT NULL,
    "day" DATE NOT NULL,
    "expression" "Expression",
    "x" REAL NOT NULL,
    "y" REAL NOT NULL,
    "width" REAL NOT NULL,
    "height" REAL NOT NULL,
    "confidence" REAL NOT NULL,
    "agreement" REAL NOT NULL,
    "valence" REAL NOT NULL,
    "arousal" REAL NOT NULL,
    "yaw" REAL NOT NULL,
    "pitch" REAL NOT NULL,
    "roll" REAL NOT NULL,
    "quality" REAL NOT NULL,
    "issues" SMALLINT NOT NULL,
    "probabilities" REAL[],
    "raw_probabilities" REAL[],
    "action_units" REAL[],
    "landmarks" BYTEA NOT NULL,

    CONSTRAINT "reading_pkey" PRIMARY KEY ("session_id","seq","track","day")
) PARTITION BY RANGE ("day");

-- CreateTable
CREATE TABLE "rollup" (
    "session_id" UUID NOT NULL,
    "span" INTEGER NOT NULL,
    "track" INTEGER NOT NULL,
    "second" INTEGER NOT NULL,
    "frames" INTEGER NOT NULL,
    "dropped_busy" INTEGER NOT NULL,
    "dropped_worker" INTEGER NOT NULL,
    "dropped_store" INTEGER NOT NULL,
    "readings" INTEGER NOT NULL,
    "abstained" INTEGER NOT NULL,
    "labels" INTEGER[],
    "probabilities" BIGINT[],
    "valence" BIGINT NOT NULL,
    "arousal" BIGINT NOT NULL,
    "quality" BIGINT NOT NULL,

    CONSTRAINT "rollup_pkey" PRIMARY KEY ("session_id","span","track","second")
);

-- CreateTable
CREATE TABLE "episode" (
    "session_id" UUID NOT NULL,
    "index" INTEGER NOT NULL,
    "track" INTEGER NOT NULL,
    "expression" "Expression" NOT NULL,
    "onset" DOUBLE PRECISION NOT NULL,
    "apex" DOUBLE PRECISION NOT NULL,
    "offset" DOUBLE PRECISION,
    "peak" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "episode_pkey" PRIMARY KEY ("session_id","index")
);

-- CreateTable
CREATE TABLE "track" (
    "session_id" UUID NOT NULL,
    "track" INTEGER NOT NULL,
    "first_seen" DOUBLE PRECISION NOT NULL,
    "last_seen" DOUBLE PRECISION NOT NULL,
    "readings" INTEGER NOT NULL,

    CONSTRAINT "track_pkey" PRIMARY KEY ("session_id","track")
);

-- CreateIndex
CREATE UNIQUE INDEX "stream_ordinal_key" ON "stream"("ordinal");

-- CreateIndex
CREATE UNIQUE INDEX "session_ordinal_key" ON "session"("ordinal");

-- CreateIndex
CREATE INDEX "session_stream_id_ordinal_idx" ON "session"("stream_id", "ordinal");

-- CreateIndex
CREATE INDEX "session_state_idx" ON "session"("state");

-- AddForeignKey
ALTER TABLE "session" ADD CONSTRAINT "session_stream_id_fkey" FOREIGN KEY ("stream_id") REFERENCES "stream"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "session" ADD CONSTRAINT "session_model_id_fkey" FOREIGN KEY ("model_id") REFERENCES "model"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "episode" ADD CONSTRAINT "episode_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "session"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "track" ADD CONSTRAINT "track_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "session"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Rows that every commit updates: room for the new version on the same page spares the index.
ALTER TABLE "rollup" SET (fillfactor = 70);
ALTER TABLE "session" SET (fillfactor = 50);
ALTER TABLE "track" SET (fillfactor = 70);
