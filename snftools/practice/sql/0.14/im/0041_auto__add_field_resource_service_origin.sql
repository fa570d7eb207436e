ALTER TABLE "im_resource" ADD COLUMN "service_origin" varchar(255) NOT NULL DEFAULT '';
ALTER TABLE "im_resource" ALTER COLUMN "service_origin" TYPE varchar(255), ALTER COLUMN "service_origin" SET NOT NULL, ALTER COLUMN "service_origin" DROP DEFAULT;
CREATE INDEX "im_resource_service_origin" ON "im_resource" ("service_origin");
CREATE INDEX "im_resource_service_origin_like" ON "im_resource" ("service_origin" varchar_pattern_ops);
