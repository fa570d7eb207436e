ALTER TABLE "im_service" ADD COLUMN "type" varchar(255) NULL;
