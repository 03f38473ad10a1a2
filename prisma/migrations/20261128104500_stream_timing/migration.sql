-- CreateEnum
CREATE TYPE "FrameTiming" AS ENUM ('EVEN', 'NEAREST');

-- AlterTable
ALTER TABLE "stream" ADD COLUMN     "timing" "FrameTiming";
