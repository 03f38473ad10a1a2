-- AlterTable
ALTER TABLE "session" ADD COLUMN     "smallest_face" DOUBLE PRECISION;

-- AlterTable
ALTER TABLE "stream" ADD COLUMN     "detect_size" TEXT NOT NULL DEFAULT 'STANDARD';

