-- CreateIndex
CREATE INDEX "session_started_at_idx" ON "session"("started_at");
