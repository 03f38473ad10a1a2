-- CreateTable
CREATE TABLE "server" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "retention_hours" INTEGER,
    "audit_days" INTEGER,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "server_pkey" PRIMARY KEY ("id")
);
