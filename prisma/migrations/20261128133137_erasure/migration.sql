-- AlterTable
ALTER TABLE "stream" ADD COLUMN     "retention_hours" INTEGER;

-- CreateTable
CREATE TABLE "erased_stretch" (
    "session_id" UUID NOT NULL,
    "since" DOUBLE PRECISION NOT NULL,
    "until" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "erased_stretch_pkey" PRIMARY KEY ("session_id","since")
);

-- CreateTable
CREATE TABLE "erasure" (
    "id" UUID NOT NULL,
    "ordinal" SERIAL NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),
    "requester_kind" TEXT NOT NULL,
    "requester_id" TEXT NOT NULL,
    "requester_name" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "target" JSONB NOT NULL,
    "session_ids" UUID[],
    "steps" JSONB NOT NULL,
    "streams" INTEGER NOT NULL DEFAULT 0,
    "sessions" INTEGER NOT NULL DEFAULT 0,
    "moments" INTEGER NOT NULL DEFAULT 0,
    "readings" INTEGER NOT NULL DEFAULT 0,
    "rollups" INTEGER NOT NULL DEFAULT 0,
    "episodes" INTEGER NOT NULL DEFAULT 0,
    "tracks" INTEGER NOT NULL DEFAULT 0,
    "uploads" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "erasure_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "installation" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "retention_hours" INTEGER,

    CONSTRAINT "installation_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "erasure_ordinal_key" ON "erasure"("ordinal");

-- CreateIndex
CREATE INDEX "erasure_finished_at_idx" ON "erasure"("finished_at");

-- AddForeignKey
ALTER TABLE "erased_stretch" ADD CONSTRAINT "erased_stretch_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "session"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- A database that was made before keeps what it holds; who makes a new one sets its retention (see upkeep/migrate.ts).
INSERT INTO "installation" ("id", "retention_hours") VALUES (1, NULL);
