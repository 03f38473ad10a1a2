-- AlterTable
ALTER TABLE "session" ADD COLUMN     "tags" JSONB NOT NULL DEFAULT '{}';

-- AlterTable
ALTER TABLE "stream" ADD COLUMN     "tags" JSONB NOT NULL DEFAULT '{}';
