-- synnefo.db as 0.13 leaves it (migration 0061).

CREATE TABLE db_backend (
    username varchar(64),
    pinst_cnt integer NOT NULL DEFAULT 0,
    updated timestamptz NOT NULL,
    mtotal integer NOT NULL DEFAULT 0,
    hash varchar(40) NOT NULL,
    drained boolean NOT NULL DEFAULT false,
    clustername varchar(128) NOT NULL,
    dtotal integer NOT NULL DEFAULT 0,
    mfree integer NOT NULL DEFAULT 0,
    port integer NOT NULL DEFAULT 5080,
    dfree integer NOT NULL DEFAULT 0,
    ctotal integer NOT NULL DEFAULT 0,
    offline boolean NOT NULL DEFAULT false,
    password_hash varchar(128),
    id serial NOT NULL,
    index integer NOT NULL,
    CONSTRAINT db_backend_clustername_key UNIQUE (clustername),
    CONSTRAINT db_backend_index_key UNIQUE (index),
    CONSTRAINT db_backend_pkey PRIMARY KEY (id),
    CONSTRAINT db_backend_ctotal_check CHECK ((ctotal >= 0)),
    CONSTRAINT db_backend_dfree_check CHECK ((dfree >= 0)),
    CONSTRAINT db_backend_dtotal_check CHECK ((dtotal >= 0)),
    CONSTRAINT db_backend_index_check CHECK ((index >= 0)),
    CONSTRAINT db_backend_mfree_check CHECK ((mfree >= 0)),
    CONSTRAINT db_backend_mtotal_check CHECK ((mtotal >= 0)),
    CONSTRAINT db_backend_pinst_cnt_check CHECK ((pinst_cnt >= 0)),
    CONSTRAINT db_backend_port_check CHECK ((port >= 0))
);
CREATE TABLE db_backendnetwork (
    backendtime timestamptz NOT NULL DEFAULT '0001-01-01 00:00:00+00'::timestamp with time zone,
    updated timestamptz NOT NULL,
    network_id integer NOT NULL,
    created timestamptz NOT NULL,
    deleted boolean NOT NULL DEFAULT false,
    backendopcode varchar(30),
    operstate varchar(30) NOT NULL DEFAULT 'PENDING',
    backendjobid integer,
    backendlogmsg text,
    backendjobstatus varchar(30),
    id serial NOT NULL,
    backend_id integer NOT NULL,
    mac_prefix varchar(32) NOT NULL,
    CONSTRAINT db_backendnetwork_network_id_466fb951aa561d40_uniq UNIQUE (network_id, backend_id),
    CONSTRAINT db_backendnetwork_pkey PRIMARY KEY (id),
    CONSTRAINT db_backendnetwork_backendjobid_check CHECK ((backendjobid >= 0))
);
CREATE TABLE db_bridgepooltable (
    reserved_map text NOT NULL DEFAULT '',
    base varchar(32),
    "offset" integer,
    available_map text NOT NULL DEFAULT '',
    id serial NOT NULL,
    size integer NOT NULL,
    CONSTRAINT db_bridgepooltable_pkey PRIMARY KEY (id)
);
CREATE TABLE db_flavor (
    id serial NOT NULL,
    cpu integer NOT NULL DEFAULT 0,
    ram integer NOT NULL DEFAULT 0,
    disk integer NOT NULL DEFAULT 0,
    deleted boolean NOT NULL DEFAULT false,
    disk_template varchar(32) NOT NULL,
    CONSTRAINT db_flavor_disk_5a0b0d9a42dee86e_uniq UNIQUE (disk, ram, cpu, disk_template),
    CONSTRAINT db_flavor_pkey PRIMARY KEY (id)
);
CREATE TABLE db_ippooltable (
    reserved_map text NOT NULL DEFAULT '',
    base varchar(32),
    "offset" integer,
    available_map text NOT NULL DEFAULT '',
    id serial NOT NULL,
    size integer NOT NULL,
    CONSTRAINT db_ippooltable_pkey PRIMARY KEY (id)
);
CREATE TABLE db_macprefixpooltable (
    reserved_map text NOT NULL DEFAULT '',
    base varchar(32),
    "offset" integer,
    available_map text NOT NULL DEFAULT '',
    id serial NOT NULL,
    size integer NOT NULL,
    CONSTRAINT db_macprefixpooltable_pkey PRIMARY KEY (id)
);
CREATE TABLE db_network (
    id serial NOT NULL,
    name varchar(128) NOT NULL,
    created timestamptz NOT NULL,
    updated timestamptz NOT NULL,
    state varchar(32) NOT NULL,
    public boolean NOT NULL DEFAULT false,
    userid varchar(128),
    subnet varchar(32) NOT NULL,
    link varchar(32),
    deleted boolean NOT NULL DEFAULT false,
    mac_prefix varchar(32) NOT NULL,
    action varchar(32),
    dhcp boolean NOT NULL DEFAULT false,
    flavor varchar(50) NOT NULL,
    gateway varchar(32),
    subnet6 varchar(64),
    gateway6 varchar(64),
    pool_id integer,
    serial_id bigint,
    mode varchar(16),
    tags varchar(128),
    CONSTRAINT db_network_pool_id_key UNIQUE (pool_id),
    CONSTRAINT db_network_pkey PRIMARY KEY (id)
);
CREATE TABLE db_networkinterface (
    id serial NOT NULL,
    machine_id integer NOT NULL,
    network_id integer NOT NULL,
    created timestamptz NOT NULL,
    updated timestamptz NOT NULL,
    index integer NOT NULL,
    mac varchar(32) NOT NULL,
    ipv4 varchar(15),
    ipv6 varchar(100),
    firewall_profile varchar(30),
    dirty boolean NOT NULL DEFAULT false,
    CONSTRAINT db_networkinterface_mac_uniq UNIQUE (mac),
    CONSTRAINT db_networkinterface_pkey PRIMARY KEY (id)
);
CREATE TABLE db_quotaholderserial (
    serial bigint NOT NULL,
    pending boolean NOT NULL DEFAULT true,
    accepted boolean NOT NULL DEFAULT false,
    rejected boolean NOT NULL DEFAULT false,
    CONSTRAINT db_quotaholderserial_pkey PRIMARY KEY (serial)
);
CREATE TABLE db_virtualmachine (
    id serial NOT NULL,
    name varchar(255) NOT NULL,
    created timestamptz NOT NULL,
    updated timestamptz NOT NULL,
    hostid varchar(100) NOT NULL,
    flavor_id integer NOT NULL,
    deleted boolean NOT NULL DEFAULT false,
    suspended boolean NOT NULL DEFAULT false,
    action varchar(30),
    operstate varchar(30),
    backendjobid integer,
    backendopcode varchar(30),
    backendjobstatus varchar(30),
    backendlogmsg text,
    buildpercentage integer NOT NULL,
    imageid varchar(100) NOT NULL,
    userid varchar(100) NOT NULL,
    backendtime timestamptz NOT NULL,
    backend_hash varchar(128),
    backend_id integer,
    serial_id bigint,
    CONSTRAINT db_virtualmachine_pkey PRIMARY KEY (id),
    CONSTRAINT db_virtualmachine_backendjobid_check CHECK ((backendjobid >= 0))
);
CREATE TABLE db_virtualmachinediagnostic (
    id serial NOT NULL,
    created timestamptz NOT NULL,
    machine_id integer NOT NULL,
    level varchar(20) NOT NULL,
    source varchar(100) NOT NULL,
    source_date timestamptz,
    message varchar(255) NOT NULL,
    details text,
    CONSTRAINT db_virtualmachinediagnostic_pkey PRIMARY KEY (id)
);
CREATE TABLE db_virtualmachinemetadata (
    id serial NOT NULL,
    meta_key varchar(50) NOT NULL,
    meta_value varchar(500) NOT NULL,
    vm_id integer NOT NULL,
    CONSTRAINT db_virtualmachinemetadata_vm_id_24a3581aa4f0510a_uniq UNIQUE (vm_id, meta_key),
    CONSTRAINT db_virtualmachinemetadata_pkey PRIMARY KEY (id)
);

CREATE INDEX db_backendnetwork_backend_id ON db_backendnetwork (backend_id);
CREATE INDEX db_backendnetwork_network_id ON db_backendnetwork (network_id);
CREATE INDEX db_network_deleted ON db_network (deleted);
CREATE INDEX db_network_public ON db_network (public);
CREATE INDEX db_network_serial_id ON db_network (serial_id);
CREATE INDEX db_network_userid ON db_network (userid);
CREATE INDEX db_networkinterface_machine_id ON db_networkinterface (machine_id);
CREATE INDEX db_networkinterface_network_id ON db_networkinterface (network_id);
CREATE INDEX db_quotaholderserial_pending ON db_quotaholderserial (pending);
CREATE INDEX db_virtualmachine_backend_id ON db_virtualmachine (backend_id);
CREATE INDEX db_virtualmachine_deleted ON db_virtualmachine (deleted);
CREATE INDEX db_virtualmachine_flavor_id ON db_virtualmachine (flavor_id);
CREATE INDEX db_virtualmachine_serial_id ON db_virtualmachine (serial_id);
CREATE INDEX db_virtualmachine_userid ON db_virtualmachine (userid);
CREATE INDEX db_virtualmachinediagnostic_machine_id ON db_virtualmachinediagnostic (machine_id);
CREATE INDEX db_virtualmachinemetadata_vm_id ON db_virtualmachinemetadata (vm_id);

ALTER TABLE db_backendnetwork
    ADD CONSTRAINT backend_id_refs_id_37313f03d717681a FOREIGN KEY (backend_id) REFERENCES db_backend(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE db_backendnetwork
    ADD CONSTRAINT network_id_refs_id_5daf7c6fd409764c FOREIGN KEY (network_id) REFERENCES db_network(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE db_network
    ADD CONSTRAINT pool_id_refs_id_e967a7ae498138e FOREIGN KEY (pool_id) REFERENCES db_ippooltable(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE db_network
    ADD CONSTRAINT serial_id_refs_serial_45acc3429c421093 FOREIGN KEY (serial_id) REFERENCES db_quotaholderserial(serial) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE db_networkinterface
    ADD CONSTRAINT machine_id_refs_id_3548ef027d121816 FOREIGN KEY (machine_id) REFERENCES db_virtualmachine(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE db_networkinterface
    ADD CONSTRAINT network_id_refs_id_357bc779435713a9 FOREIGN KEY (network_id) REFERENCES db_network(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE db_virtualmachine
    ADD CONSTRAINT backend_id_refs_id_1dac7b992c446324 FOREIGN KEY (backend_id) REFERENCES db_backend(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE db_virtualmachine
    ADD CONSTRAINT flavor_id_refs_id_7e09989d3bdabb8b FOREIGN KEY (flavor_id) REFERENCES db_flavor(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE db_virtualmachine
    ADD CONSTRAINT serial_id_refs_serial_34e5961a19495384 FOREIGN KEY (serial_id) REFERENCES db_quotaholderserial(serial) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE db_virtualmachinediagnostic
    ADD CONSTRAINT machine_id_refs_id_19111c2ef5de4290 FOREIGN KEY (machine_id) REFERENCES db_virtualmachine(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE db_virtualmachinemetadata
    ADD CONSTRAINT vm_id_refs_id_43df2bd7aa9de2c8 FOREIGN KEY (vm_id) REFERENCES db_virtualmachine(id) DEFERRABLE INITIALLY DEFERRED;
