-- AlterTable
ALTER TABLE "stream" ADD COLUMN     "boots" INTEGER NOT NULL DEFAULT 0;

