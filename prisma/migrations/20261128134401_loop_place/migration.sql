-- AlterTable
ALTER TABLE "moment" ADD COLUMN     "loop_index" INTEGER,
ADD COLUMN     "source_time" DOUBLE PRECISION;
