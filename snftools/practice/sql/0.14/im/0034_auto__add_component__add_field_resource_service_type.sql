CREATE TABLE "im_component" (
    "id" serial NOT NULL PRIMARY KEY,
    "name" varchar(255) NOT NULL UNIQUE,
    "url" varchar(1024) NULL,
    "auth_token" varchar(32) NULL,
    "auth_token_created" timestamp with time zone NULL,
    "auth_token_expires" timestamp with time zone NULL
);
ALTER TABLE "im_resource" ADD COLUMN "service_type" varchar(255) NOT NULL DEFAULT '';
ALTER TABLE "im_resource" ALTER COLUMN "service_type" TYPE varchar(255), ALTER COLUMN "service_type" SET NOT NULL, ALTER COLUMN "service_type" DROP DEFAULT;
