-- AlterTable
ALTER TABLE "session" ADD COLUMN     "label" TEXT,
ADD COLUMN     "notes" TEXT,
ADD COLUMN     "own_tags" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN     "stream_tags" JSONB NOT NULL DEFAULT '{}';

-- Those that there are had all of theirs from their stream.
UPDATE "session" SET "stream_tags" = "tags";
