CREATE TABLE "im_authproviderpolicyprofile" (
    "id" serial NOT NULL PRIMARY KEY,
    "name" varchar(255) NOT NULL,
    "provider" varchar(255) NOT NULL,
    "is_exclusive" boolean NOT NULL DEFAULT False,
    "policy_add" boolean NULL,
    "policy_remove" boolean NULL,
    "policy_create" boolean NULL,
    "policy_login" boolean NULL,
    "policy_limit" integer NULL,
    "policy_required" boolean NULL,
    "policy_automoderate" boolean NULL,
    "policy_switch" boolean NULL,
    "priority" integer NOT NULL DEFAULT 1,
    "active" boolean NOT NULL DEFAULT True
);
CREATE TABLE "im_authproviderpolicyprofile_groups" (
    "id" serial NOT NULL PRIMARY KEY,
    "authproviderpolicyprofile_id" integer NOT NULL,
    "group_id" integer NOT NULL
);
ALTER TABLE "im_authproviderpolicyprofile_groups" ADD CONSTRAINT "im_authprovi_authproviderpolicyprofile_id_6754a0b929a8dc70_uniq" UNIQUE ("authproviderpolicyprofile_id", "group_id");
CREATE TABLE "im_authproviderpolicyprofile_users" (
    "id" serial NOT NULL PRIMARY KEY,
    "authproviderpolicyprofile_id" integer NOT NULL,
    "astakosuser_id" integer NOT NULL
);
ALTER TABLE "im_authproviderpolicyprofile_users" ADD CONSTRAINT "im_authprovi_authproviderpolicyprofile_id_4d025777ec52d0d7_uniq" UNIQUE ("authproviderpolicyprofile_id", "astakosuser_id");
CREATE INDEX "im_authproviderpolicyprofile_name" ON "im_authproviderpolicyprofile" ("name");
CREATE INDEX "im_authproviderpolicyprofile_name_like" ON "im_authproviderpolicyprofile" ("name" varchar_pattern_ops);
ALTER TABLE "im_authproviderpolicyprofile_groups" ADD CONSTRAINT "authproviderpolicyprofile_id_refs_id_23763fef970152dd" FOREIGN KEY ("authproviderpolicyprofile_id") REFERENCES "im_authproviderpolicyprofile" ("id") DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX "im_authproviderpolicyprofile_groups_authproviderpolicyprofile_id" ON "im_authproviderpolicyprofile_groups" ("authproviderpolicyprofile_id");
ALTER TABLE "im_authproviderpolicyprofile_groups" ADD CONSTRAINT "group_id_refs_id_4c6465b68b9d4cb4" FOREIGN KEY ("group_id") REFERENCES "auth_group" ("id") DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX "im_authproviderpolicyprofile_groups_group_id" ON "im_authproviderpolicyprofile_groups" ("group_id");
ALTER TABLE "im_authproviderpolicyprofile_users" ADD CONSTRAINT "authproviderpolicyprofile_id_refs_id_63b2b4ddc3d7da66" FOREIGN KEY ("authproviderpolicyprofile_id") REFERENCES "im_authproviderpolicyprofile" ("id") DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX "im_authproviderpolicyprofile_users_authproviderpolicyprofile_id" ON "im_authproviderpolicyprofile_users" ("authproviderpolicyprofile_id");
ALTER TABLE "im_authproviderpolicyprofile_users" ADD CONSTRAINT "astakosuser_id_refs_user_ptr_id_661a9a454e70eb97" FOREIGN KEY ("astakosuser_id") REFERENCES "im_astakosuser" ("user_ptr_id") DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX "im_authproviderpolicyprofile_users_astakosuser_id" ON "im_authproviderpolicyprofile_users" ("astakosuser_id");
