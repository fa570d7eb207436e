ALTER TABLE "im_resource" ADD COLUMN "allow_in_projects" boolean NOT NULL DEFAULT True;
ALTER TABLE "im_resource" ALTER COLUMN "allow_in_projects" TYPE boolean, ALTER COLUMN "allow_in_projects" SET NOT NULL, ALTER COLUMN "allow_in_projects" DROP DEFAULT;
