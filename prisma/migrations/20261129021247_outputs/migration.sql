-- CreateTable
CREATE TABLE "output" (
    "id" UUID NOT NULL,
    "ordinal" SERIAL NOT NULL,
    "stream_id" UUID,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT false,
    "target" JSONB NOT NULL,
    "sealed" TEXT NOT NULL,
    "allow_private" BOOLEAN NOT NULL,
    "topics" TEXT[],
    "rules" JSONB NOT NULL,
    "stopped" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "output_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "output_ordinal_key" ON "output"("ordinal");

-- CreateIndex
CREATE INDEX "output_stream_id_ordinal_idx" ON "output"("stream_id", "ordinal");

-- AddForeignKey
ALTER TABLE "output" ADD CONSTRAINT "output_stream_id_fkey" FOREIGN KEY ("stream_id") REFERENCES "stream"("id") ON DELETE CASCADE ON UPDATE CASCADE;
