DROP TABLE "im_service" CASCADE;
ALTER TABLE "im_resource" DROP COLUMN "service_id" CASCADE;
