CREATE TABLE "im_endpointdata" (
    "id" serial NOT NULL PRIMARY KEY,
    "endpoint_id" integer NOT NULL,
    "key" varchar(255) NOT NULL,
    "value" varchar(1024) NOT NULL
);
ALTER TABLE "im_endpointdata" ADD CONSTRAINT "im_endpointdata_endpoint_id_61db17c349b5ebd7_uniq" UNIQUE ("endpoint_id", "key");
CREATE TABLE "im_service" (
    "id" serial NOT NULL PRIMARY KEY,
    "component_id" integer NOT NULL,
    "name" varchar(255) NOT NULL UNIQUE,
    "type" varchar(255) NOT NULL
);
CREATE TABLE "im_endpoint" ("id" serial NOT NULL PRIMARY KEY, "service_id" integer NOT NULL);
ALTER TABLE "im_endpointdata" ADD CONSTRAINT "endpoint_id_refs_id_776d631b67d81801" FOREIGN KEY ("endpoint_id") REFERENCES "im_endpoint" ("id") DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX "im_endpointdata_endpoint_id" ON "im_endpointdata" ("endpoint_id");
ALTER TABLE "im_service" ADD CONSTRAINT "component_id_refs_id_739c3045f817d3e1" FOREIGN KEY ("component_id") REFERENCES "im_component" ("id") DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX "im_service_component_id" ON "im_service" ("component_id");
ALTER TABLE "im_endpoint" ADD CONSTRAINT "service_id_refs_id_e5e4fe474c74a0e" FOREIGN KEY ("service_id") REFERENCES "im_service" ("id") DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX "im_endpoint_service_id" ON "im_endpoint" ("service_id");
