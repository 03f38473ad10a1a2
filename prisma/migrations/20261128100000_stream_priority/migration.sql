-- CreateEnum
CREATE TYPE "Priority" AS ENUM ('LOW', 'NORMAL', 'HIGH');

-- AlterTable
ALTER TABLE "stream" ADD COLUMN     "priority" "Priority" NOT NULL DEFAULT 'NORMAL';
