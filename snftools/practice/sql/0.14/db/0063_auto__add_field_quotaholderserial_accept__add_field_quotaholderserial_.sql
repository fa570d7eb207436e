ALTER TABLE "db_quotaholderserial" ADD COLUMN "accept" boolean NOT NULL DEFAULT False;
ALTER TABLE "db_quotaholderserial" ALTER COLUMN "accept" TYPE boolean, ALTER COLUMN "accept" SET NOT NULL, ALTER COLUMN "accept" DROP DEFAULT;
ALTER TABLE "db_quotaholderserial" ADD COLUMN "resolved" boolean NOT NULL DEFAULT False;
ALTER TABLE "db_quotaholderserial" ALTER COLUMN "resolved" TYPE boolean, ALTER COLUMN "resolved" SET NOT NULL, ALTER COLUMN "resolved" DROP DEFAULT;
