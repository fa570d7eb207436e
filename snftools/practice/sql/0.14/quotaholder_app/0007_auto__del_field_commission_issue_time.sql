ALTER TABLE "quotaholder_app_commission" DROP COLUMN "issue_time" CASCADE;
