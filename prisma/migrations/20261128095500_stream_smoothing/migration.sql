-- AlterTable
ALTER TABLE "stream" ADD COLUMN     "smoothing" INTEGER NOT NULL DEFAULT 250;

