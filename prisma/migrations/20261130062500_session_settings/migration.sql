-- AlterTable
ALTER TABLE "session" ADD COLUMN     "settings" JSONB;
