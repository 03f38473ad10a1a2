-- AlterTable
ALTER TABLE "episode" ADD COLUMN     "ended_at" TIMESTAMPTZ(3),
ADD COLUMN     "started_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "rollup" ADD COLUMN     "ended_at" TIMESTAMPTZ(3),
ADD COLUMN     "first_seq" INTEGER,
ADD COLUMN     "started_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "track" ADD COLUMN     "ended_at" TIMESTAMPTZ(3),
ADD COLUMN     "started_at" TIMESTAMPTZ(3);

-- What was recorded before tells its wall times by its moments.
UPDATE "rollup" AS r SET "first_seq" = s."first_seq", "started_at" = s."started_at", "ended_at" = s."ended_at"
FROM (
  SELECT "session_id", spans."span", floor("media_time" / spans."span")::int * spans."span" AS "second",
    min("seq") AS "first_seq", min("wall_time") AS "started_at", max("wall_time") AS "ended_at"
  FROM "moment" CROSS JOIN (VALUES (1), (10), (60), (600), (3600)) AS spans ("span")
  GROUP BY 1, 2, 3
) AS s
WHERE r."track" = 0 AND s."session_id" = r."session_id" AND s."span" = r."span" AND s."second" = r."second";

-- Into seconds, and longer spans, that have no moment of their own the one before stands.
UPDATE "rollup" AS r SET "first_seq" = m."first_seq", "started_at" = m."ended_at", "ended_at" = m."ended_at"
FROM "rollup" AS z CROSS JOIN LATERAL (
  SELECT "first_seq", "ended_at" FROM "rollup"
  WHERE "session_id" = z."session_id" AND "span" = 1 AND "track" = 0 AND "second" < z."second" AND "frames" > 0
    AND "first_seq" IS NOT NULL
  ORDER BY "second" DESC LIMIT 1
) AS m
WHERE z."track" = 0 AND z."started_at" IS NULL AND r."track" = 0
  AND r."session_id" = z."session_id" AND r."span" = z."span" AND r."second" = z."second";

-- Retention has deleted the moments of others: the oldest that is left, or the session's beginning, is the nearest that is known.
UPDATE "rollup" AS r SET "first_seq" = n."seq", "started_at" = n."at", "ended_at" = n."at"
FROM (
  SELECT s."id", coalesce(m."seq", s."last_seq" + 1) AS "seq", coalesce(m."wall_time", s."started_at") AS "at"
  FROM "session" AS s LEFT JOIN LATERAL (
    SELECT "seq", "wall_time" FROM "moment" WHERE "session_id" = s."id" ORDER BY "seq" LIMIT 1
  ) AS m ON true
) AS n
WHERE r."track" = 0 AND r."started_at" IS NULL AND n."id" = r."session_id";

UPDATE "episode" AS e SET "started_at" = m."wall_time"
FROM "moment" AS m WHERE m."session_id" = e."session_id" AND m."media_time" = e."onset";
UPDATE "episode" AS e SET "ended_at" = m."wall_time"
FROM "moment" AS m WHERE m."session_id" = e."session_id" AND m."media_time" = e."offset";
UPDATE "track" AS t SET "started_at" = m."wall_time"
FROM "moment" AS m WHERE m."session_id" = t."session_id" AND m."media_time" = t."first_seen";
UPDATE "track" AS t SET "ended_at" = m."wall_time"
FROM "moment" AS m WHERE m."session_id" = t."session_id" AND m."media_time" = t."last_seen";

UPDATE "episode" AS e SET "started_at" = coalesce(e."started_at", r."started_at", s."started_at"),
  "ended_at" = CASE WHEN e."offset" IS NOT NULL THEN coalesce(e."ended_at", q."ended_at", s."started_at") END
FROM "session" AS s
  JOIN "episode" AS x ON x."session_id" = s."id"
  LEFT JOIN "rollup" AS r ON r."session_id" = s."id" AND r."span" = 1 AND r."track" = 0 AND r."second" = floor(x."onset")
  LEFT JOIN "rollup" AS q ON q."session_id" = s."id" AND q."span" = 1 AND q."track" = 0 AND q."second" = floor(x."offset")
WHERE e."session_id" = x."session_id" AND e."index" = x."index"
  AND (e."started_at" IS NULL OR e."ended_at" IS NULL AND e."offset" IS NOT NULL);
UPDATE "track" AS t SET "started_at" = coalesce(t."started_at", r."started_at", s."started_at"),
  "ended_at" = coalesce(t."ended_at", q."ended_at", s."started_at")
FROM "session" AS s
  JOIN "track" AS x ON x."session_id" = s."id"
  LEFT JOIN "rollup" AS r ON r."session_id" = s."id" AND r."span" = 1 AND r."track" = 0 AND r."second" = floor(x."first_seen")
  LEFT JOIN "rollup" AS q ON q."session_id" = s."id" AND q."span" = 1 AND q."track" = 0 AND q."second" = floor(x."last_seen")
WHERE t."session_id" = x."session_id" AND t."track" = x."track" AND (t."started_at" IS NULL OR t."ended_at" IS NULL);

ALTER TABLE "episode" ALTER COLUMN "started_at" SET NOT NULL;
ALTER TABLE "track" ALTER COLUMN "ended_at" SET NOT NULL, ALTER COLUMN "started_at" SET NOT NULL;
