ALTER TABLE "quotaholder_app_commission" ADD COLUMN "issue_datetime" timestamp with time zone NOT NULL DEFAULT '2013-01-01 00:00:00';
ALTER TABLE "quotaholder_app_commission" ALTER COLUMN "issue_datetime" TYPE timestamp with time zone, ALTER COLUMN "issue_datetime" SET NOT NULL, ALTER COLUMN "issue_datetime" DROP DEFAULT;
