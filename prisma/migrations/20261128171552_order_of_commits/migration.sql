-- AlterTable
ALTER TABLE "episode" ADD COLUMN     "apex_at" BIGINT,
ADD COLUMN     "offset_at" BIGINT,
ADD COLUMN     "onset_at" BIGINT;

-- AlterTable
ALTER TABLE "moment" ADD COLUMN     "position" BIGINT;

-- CreateTable
CREATE TABLE "writer" (
    "id" SERIAL NOT NULL,
    "newest" BIGINT NOT NULL DEFAULT 0,
    "expired" BIGINT NOT NULL DEFAULT 0,
    "first_day" DATE,
    "last_day" DATE,

    CONSTRAINT "writer_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "episode_onset_at_idx" ON "episode"("onset_at");

-- CreateIndex
CREATE INDEX "episode_apex_at_idx" ON "episode"("apex_at");

-- CreateIndex
CREATE INDEX "episode_offset_at_idx" ON "episode"("offset_at");

-- CreateIndex
CREATE INDEX "moment_position_idx" ON "moment"("position");
