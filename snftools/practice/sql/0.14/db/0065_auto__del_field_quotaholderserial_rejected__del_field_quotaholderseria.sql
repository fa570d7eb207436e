ALTER TABLE "db_quotaholderserial" DROP COLUMN "rejected" CASCADE;
ALTER TABLE "db_quotaholderserial" DROP COLUMN "accepted" CASCADE;
