ALTER TABLE "im_astakosuser" ALTER COLUMN "auth_token" TYPE varchar(64), ALTER COLUMN "auth_token" DROP NOT NULL, ALTER COLUMN "auth_token" DROP DEFAULT;
ALTER TABLE "im_component" ALTER COLUMN "auth_token" TYPE varchar(64), ALTER COLUMN "auth_token" DROP NOT NULL, ALTER COLUMN "auth_token" DROP DEFAULT;
