ALTER TABLE "db_backend" ADD COLUMN "hypervisor" varchar(32) NOT NULL DEFAULT 'kvm';
ALTER TABLE "db_backend" ALTER COLUMN "hypervisor" TYPE varchar(32), ALTER COLUMN "hypervisor" SET NOT NULL, ALTER COLUMN "hypervisor" DROP DEFAULT;
