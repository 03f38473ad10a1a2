-- CreateTable
CREATE TABLE "removed_stream" (
    "stream_id" UUID NOT NULL,
    "worker_id" UUID,
    "teller" UUID,
    "removed_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "removed_stream_pkey" PRIMARY KEY ("stream_id")
);
