-- AlterTable
ALTER TABLE "stream" ADD COLUMN     "ingest_expires_at" TIMESTAMPTZ(3),
ADD COLUMN     "ingest_hash" BYTEA;

-- CreateIndex
CREATE UNIQUE INDEX "stream_ingest_hash_key" ON "stream"("ingest_hash");
