-- AlterTable
ALTER TABLE "session" ADD COLUMN     "frame_height" INTEGER,
ADD COLUMN     "frame_width" INTEGER;
