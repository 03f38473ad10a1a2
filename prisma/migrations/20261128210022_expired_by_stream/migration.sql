-- CreateTable
CREATE TABLE "expired_position" (
    "stream_id" UUID NOT NULL,
    "writer" INTEGER NOT NULL,
    "position" BIGINT NOT NULL,

    CONSTRAINT "expired_position_pkey" PRIMARY KEY ("stream_id","writer")
);

-- AddForeignKey
ALTER TABLE "expired_position" ADD CONSTRAINT "expired_position_stream_id_fkey" FOREIGN KEY ("stream_id") REFERENCES "stream"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Whose it was that was deleted is not known any more: it may have been any stream's.
INSERT INTO "expired_position" ("stream_id", "writer", "position")
SELECT "stream"."id", "writer"."id", "writer"."expired" FROM "stream", "writer" WHERE "writer"."expired" > 0;

-- AlterTable
ALTER TABLE "writer" DROP COLUMN "expired";
