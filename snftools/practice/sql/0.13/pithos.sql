-- The pithos backend at alembic revision 27381099d477.

CREATE TABLE alembic_version (
    version_num varchar(32) NOT NULL
);
CREATE TABLE attributes (
    serial integer NOT NULL,
    domain varchar(256) NOT NULL,
    key varchar(128) NOT NULL,
    value varchar(256),
    CONSTRAINT attributes_pkey PRIMARY KEY (serial, domain, key)
);
CREATE TABLE config (
    key varchar(256) NOT NULL,
    value varchar(256),
    CONSTRAINT config_pkey PRIMARY KEY (key)
);
CREATE TABLE groups (
    owner varchar(256) NOT NULL,
    name varchar(256) NOT NULL,
    member varchar(256) NOT NULL,
    CONSTRAINT groups_pkey PRIMARY KEY (owner, name, member)
);
CREATE TABLE nodes (
    node serial NOT NULL,
    parent integer,
    latest_version integer,
    path varchar(2048) NOT NULL,
    CONSTRAINT nodes_pkey PRIMARY KEY (node)
);
CREATE TABLE policy (
    node integer NOT NULL,
    key varchar(128) NOT NULL,
    value varchar(256),
    CONSTRAINT policy_pkey PRIMARY KEY (node, key)
);
CREATE TABLE public (
    public_id serial NOT NULL,
    path varchar(2048) NOT NULL,
    active boolean NOT NULL,
    url varchar(2048),
    CONSTRAINT public_pkey PRIMARY KEY (public_id)
);
CREATE TABLE qh_serials (
    serial bigserial NOT NULL,
    CONSTRAINT qh_serials_pkey PRIMARY KEY (serial)
);
CREATE TABLE statistics (
    node integer NOT NULL,
    population integer NOT NULL,
    size bigint NOT NULL,
    mtime numeric,
    cluster integer NOT NULL,
    CONSTRAINT statistics_pkey PRIMARY KEY (node, cluster)
);
CREATE TABLE versions (
    serial serial NOT NULL,
    node integer,
    hash varchar(256),
    size bigint NOT NULL,
    type varchar(256) NOT NULL,
    source integer,
    mtime numeric,
    muser varchar(256) NOT NULL,
    uuid varchar(64) NOT NULL,
    checksum varchar(256) NOT NULL,
    cluster integer NOT NULL,
    CONSTRAINT versions_pkey PRIMARY KEY (serial)
);
CREATE TABLE xfeatures (
    feature_id serial NOT NULL,
    path varchar(2048),
    CONSTRAINT xfeatures_pkey PRIMARY KEY (feature_id)
);
CREATE TABLE xfeaturevals (
    feature_id integer NOT NULL,
    key integer NOT NULL,
    value varchar(256) NOT NULL,
    CONSTRAINT xfeaturevals_pkey PRIMARY KEY (feature_id, key, value)
);

CREATE INDEX idx_groups_member ON groups (member);
CREATE INDEX idx_nodes_parent ON nodes (parent);
CREATE UNIQUE INDEX idx_nodes_path ON nodes (path);
CREATE UNIQUE INDEX idx_public_path ON public (path);
CREATE UNIQUE INDEX idx_public_url ON public (url);
CREATE INDEX idx_versions_node_mtime ON versions (node, mtime);
CREATE INDEX idx_versions_node_uuid ON versions (uuid);
CREATE UNIQUE INDEX idx_features_path ON xfeatures (path);

ALTER TABLE attributes
    ADD CONSTRAINT attributes_serial_fkey FOREIGN KEY (serial) REFERENCES versions(serial) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE nodes
    ADD CONSTRAINT nodes_parent_fkey FOREIGN KEY (parent) REFERENCES nodes(node) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE policy
    ADD CONSTRAINT policy_node_fkey FOREIGN KEY (node) REFERENCES nodes(node) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE statistics
    ADD CONSTRAINT statistics_node_fkey FOREIGN KEY (node) REFERENCES nodes(node) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE versions
    ADD CONSTRAINT versions_node_fkey FOREIGN KEY (node) REFERENCES nodes(node) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE xfeaturevals
    ADD CONSTRAINT xfeaturevals_feature_id_fkey FOREIGN KEY (feature_id) REFERENCES xfeatures(feature_id) ON DELETE CASCADE;
