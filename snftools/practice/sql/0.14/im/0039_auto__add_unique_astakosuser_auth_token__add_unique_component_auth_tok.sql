ALTER TABLE "im_astakosuser" ADD CONSTRAINT "im_astakosuser_auth_token_uniq" UNIQUE ("auth_token");
ALTER TABLE "im_component" ADD CONSTRAINT "im_component_auth_token_uniq" UNIQUE ("auth_token");
