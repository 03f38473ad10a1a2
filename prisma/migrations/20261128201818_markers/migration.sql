-- AlterTable
ALTER TABLE "erasure" ADD COLUMN     "markers" INTEGER NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "marker" (
    "session_id" UUID NOT NULL,
    "media_time" DOUBLE PRECISION NOT NULL,
    "name" TEXT NOT NULL,

    CONSTRAINT "marker_pkey" PRIMARY KEY ("session_id","media_time","name")
);

-- AddForeignKey
ALTER TABLE "marker" ADD CONSTRAINT "marker_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "session"("id") ON DELETE CASCADE ON UPDATE CASCADE;
