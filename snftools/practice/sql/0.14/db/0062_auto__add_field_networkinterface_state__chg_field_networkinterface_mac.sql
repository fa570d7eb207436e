ALTER TABLE "db_networkinterface" ADD COLUMN "state" varchar(32) NOT NULL DEFAULT 'ACTIVE';
ALTER TABLE "db_networkinterface" ALTER COLUMN "state" TYPE varchar(32), ALTER COLUMN "state" SET NOT NULL, ALTER COLUMN "state" DROP DEFAULT;
ALTER TABLE "db_networkinterface" ALTER COLUMN "mac" TYPE varchar(32), ALTER COLUMN "mac" DROP NOT NULL, ALTER COLUMN "mac" DROP DEFAULT;
