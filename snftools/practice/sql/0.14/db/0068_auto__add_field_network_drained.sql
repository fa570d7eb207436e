ALTER TABLE "db_network" ADD COLUMN "drained" boolean NOT NULL DEFAULT False;
ALTER TABLE "db_network" ALTER COLUMN "drained" TYPE boolean, ALTER COLUMN "drained" SET NOT NULL, ALTER COLUMN "drained" DROP DEFAULT;
