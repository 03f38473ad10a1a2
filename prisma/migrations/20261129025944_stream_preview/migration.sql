-- AlterTable
ALTER TABLE "stream" ADD COLUMN     "preview" BOOLEAN NOT NULL DEFAULT false;
