ALTER TABLE "im_projectmembership" ALTER COLUMN "request_date" TYPE timestamp with time zone, ALTER COLUMN "request_date" SET NOT NULL, ALTER COLUMN "request_date" DROP DEFAULT;
ALTER TABLE "im_projectmembership" ALTER COLUMN "leave_request_date" TYPE timestamp with time zone, ALTER COLUMN "leave_request_date" DROP NOT NULL, ALTER COLUMN "leave_request_date" DROP DEFAULT;
ALTER TABLE "im_projectmembership" ALTER COLUMN "acceptance_date" TYPE timestamp with time zone, ALTER COLUMN "acceptance_date" DROP NOT NULL, ALTER COLUMN "acceptance_date" DROP DEFAULT;
ALTER TABLE "im_projectmembershiphistory" ALTER COLUMN "date" TYPE timestamp with time zone, ALTER COLUMN "date" SET NOT NULL, ALTER COLUMN "date" DROP DEFAULT;
