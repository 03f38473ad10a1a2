-- AlterTable
ALTER TABLE "model" ADD COLUMN     "precision" TEXT NOT NULL DEFAULT 'single';
