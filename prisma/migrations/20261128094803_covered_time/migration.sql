-- AlterTable
ALTER TABLE "moment" ADD COLUMN     "cut" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "dropped_source" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "previous_duration" DOUBLE PRECISION NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "rollup" ADD COLUMN     "covered" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "dropped_source" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "durations" BIGINT[] DEFAULT ARRAY[0, 0, 0, 0, 0, 0, 0, 0]::BIGINT[];

-- Rows that are there have nothing of it yet; who writes one gives it.
ALTER TABLE "rollup" ALTER COLUMN "durations" DROP DEFAULT;

-- AlterTable
ALTER TABLE "session" ADD COLUMN     "media_end" DOUBLE PRECISION,
ADD COLUMN     "media_start" DOUBLE PRECISION,
ADD COLUMN     "trailing_source" INTEGER NOT NULL DEFAULT 0;

-- What was recorded before had no durations: as earlier versions told it, readings are spread evenly over their seconds, and
-- dropped frames are what is missing of them.
UPDATE "rollup" AS r SET
  "covered" = round(w."covered" * r."frames" / w."frames"),
  "durations" = ARRAY(SELECT round(w."covered" * l."label" / w."frames")::bigint FROM unnest(r."labels") WITH ORDINALITY AS l ("label", "at") ORDER BY l."at")
FROM (
  SELECT "session_id", "second", "frames",
    1000000::numeric * "frames" / ("frames" + "dropped_busy" + "dropped_worker" + "dropped_store") AS "covered"
  FROM "rollup" WHERE "span" = 1 AND "track" = 0 AND "frames" > 0
) AS w
WHERE r."span" = 1 AND w."session_id" = r."session_id" AND w."second" = r."second";

UPDATE "rollup" AS r SET "covered" = s."covered", "durations" = s."durations"
FROM (
  SELECT "session_id", spans."span", "track", "second" / spans."span" * spans."span" AS "second", sum("covered")::bigint AS "covered",
    ARRAY[sum("durations"[1]), sum("durations"[2]), sum("durations"[3]), sum("durations"[4]), sum("durations"[5]),
      sum("durations"[6]), sum("durations"[7]), sum("durations"[8])]::bigint[] AS "durations"
  FROM "rollup" CROSS JOIN (VALUES (10), (60), (600), (3600)) AS spans ("span")
  WHERE "rollup"."span" = 1
  GROUP BY 1, 2, 3, 4
) AS s
WHERE s."session_id" = r."session_id" AND s."span" = r."span" AND s."track" = r."track" AND s."second" = r."second";

UPDATE "session" AS n SET "media_start" = e."first", "media_end" = e."last" + 1
FROM (
  SELECT "session_id", min("second") AS "first", max("second") AS "last"
  FROM "rollup" WHERE "span" = 1 AND "track" = 0 GROUP BY 1
) AS e
WHERE e."session_id" = n."id";
