CREATE TABLE quotaholder_app_holder (
    attribute varchar(4096) NOT NULL,
    intval bigint NOT NULL,
    strval varchar(4096) NOT NULL,
    CONSTRAINT quotaholder_app_holder_pkey PRIMARY KEY (attribute)
);
CREATE TABLE quotaholder_app_callserial (
    id serial NOT NULL,
    serial bigint NOT NULL,
    clientkey varchar(4096) NOT NULL,
    CONSTRAINT quotaholder_app_callserial_serial_clientkey_key UNIQUE (serial, clientkey),
    CONSTRAINT quotaholder_app_callserial_pkey PRIMARY KEY (id)
);
CREATE TABLE quotaholder_app_commission (
    serial serial NOT NULL,
    entity_id varchar(4096) NOT NULL,
    name varchar(4096),
    clientkey varchar(4096) NOT NULL,
    issue_time varchar(24) NOT NULL,
    CONSTRAINT quotaholder_app_commission_pkey PRIMARY KEY (serial)
);
CREATE TABLE quotaholder_app_entity (
    entity varchar(4096) NOT NULL,
    owner_id varchar(4096) NOT NULL,
    key varchar(4096) NOT NULL,
    CONSTRAINT quotaholder_app_entity_pkey PRIMARY KEY (entity)
);
CREATE TABLE quotaholder_app_holding (
    id serial NOT NULL,
    entity_id varchar(4096) NOT NULL,
    resource varchar(4096) NOT NULL,
    policy_id varchar(4096) NOT NULL,
    flags bigint NOT NULL,
    imported numeric(38,0) NOT NULL,
    importing numeric(38,0) NOT NULL,
    exported numeric(38,0) NOT NULL,
    exporting numeric(38,0) NOT NULL,
    returned numeric(38,0) NOT NULL,
    "returning" numeric(38,0) NOT NULL,
    released numeric(38,0) NOT NULL,
    releasing numeric(38,0) NOT NULL,
    CONSTRAINT quotaholder_app_holding_entity_id_resource_key UNIQUE (entity_id, resource),
    CONSTRAINT quotaholder_app_holding_pkey PRIMARY KEY (id)
);
CREATE TABLE quotaholder_app_policy (
    policy varchar(4096) NOT NULL,
    quantity numeric(38,0) NOT NULL,
    capacity numeric(38,0) NOT NULL,
    import_limit numeric(38,0) NOT NULL,
    export_limit numeric(38,0) NOT NULL,
    CONSTRAINT quotaholder_app_policy_pkey PRIMARY KEY (policy)
);
CREATE TABLE quotaholder_app_provision (
    id serial NOT NULL,
    serial_id integer NOT NULL,
    entity_id varchar(4096) NOT NULL,
    resource varchar(4096) NOT NULL,
    quantity numeric(38,0) NOT NULL,
    CONSTRAINT quotaholder_app_provision_pkey PRIMARY KEY (id)
);
CREATE TABLE quotaholder_app_provisionlog (
    id serial NOT NULL,
    serial bigint NOT NULL,
    source varchar(4096) NOT NULL,
    target varchar(4096) NOT NULL,
    name varchar(4096) NOT NULL,
    issue_time varchar(4096) NOT NULL,
    log_time varchar(4096) NOT NULL,
    resource varchar(4096) NOT NULL,
    source_quantity numeric(38,0) NOT NULL,
    source_capacity numeric(38,0) NOT NULL,
    source_import_limit numeric(38,0) NOT NULL,
    source_export_limit numeric(38,0) NOT NULL,
    source_imported numeric(38,0) NOT NULL,
    source_exported numeric(38,0) NOT NULL,
    source_returned numeric(38,0) NOT NULL,
    source_released numeric(38,0) NOT NULL,
    target_quantity numeric(38,0) NOT NULL,
    target_capacity numeric(38,0) NOT NULL,
    target_import_limit numeric(38,0) NOT NULL,
    target_export_limit numeric(38,0) NOT NULL,
    target_imported numeric(38,0) NOT NULL,
    target_exported numeric(38,0) NOT NULL,
    target_returned numeric(38,0) NOT NULL,
    target_released numeric(38,0) NOT NULL,
    delta_quantity numeric(38,0) NOT NULL,
    reason varchar(4096) NOT NULL,
    CONSTRAINT quotaholder_app_provisionlog_pkey PRIMARY KEY (id)
);

CREATE INDEX quotaholder_app_commission_entity_id ON quotaholder_app_commission (entity_id);
CREATE INDEX quotaholder_app_commission_entity_id_like ON quotaholder_app_commission (entity_id varchar_pattern_ops);
CREATE INDEX quotaholder_app_entity_owner_id ON quotaholder_app_entity (owner_id);
CREATE INDEX quotaholder_app_entity_owner_id_like ON quotaholder_app_entity (owner_id varchar_pattern_ops);
CREATE INDEX quotaholder_app_holding_entity_id ON quotaholder_app_holding (entity_id);
CREATE INDEX quotaholder_app_holding_entity_id_like ON quotaholder_app_holding (entity_id varchar_pattern_ops);
CREATE INDEX quotaholder_app_holding_policy_id ON quotaholder_app_holding (policy_id);
CREATE INDEX quotaholder_app_holding_policy_id_like ON quotaholder_app_holding (policy_id varchar_pattern_ops);
CREATE INDEX quotaholder_app_provision_entity_id ON quotaholder_app_provision (entity_id);
CREATE INDEX quotaholder_app_provision_entity_id_like ON quotaholder_app_provision (entity_id varchar_pattern_ops);
CREATE INDEX quotaholder_app_provision_serial_id ON quotaholder_app_provision (serial_id);

ALTER TABLE quotaholder_app_commission
    ADD CONSTRAINT quotaholder_app_commission_entity_id_fkey FOREIGN KEY (entity_id) REFERENCES quotaholder_app_entity(entity) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE quotaholder_app_entity
    ADD CONSTRAINT owner_id_refs_entity_7acf0577 FOREIGN KEY (owner_id) REFERENCES quotaholder_app_entity(entity) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE quotaholder_app_holding
    ADD CONSTRAINT quotaholder_app_holding_entity_id_fkey FOREIGN KEY (entity_id) REFERENCES quotaholder_app_entity(entity) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE quotaholder_app_holding
    ADD CONSTRAINT quotaholder_app_holding_policy_id_fkey FOREIGN KEY (policy_id) REFERENCES quotaholder_app_policy(policy) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE quotaholder_app_provision
    ADD CONSTRAINT quotaholder_app_provision_entity_id_fkey FOREIGN KEY (entity_id) REFERENCES quotaholder_app_entity(entity) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE quotaholder_app_provision
    ADD CONSTRAINT quotaholder_app_provision_serial_id_fkey FOREIGN KEY (serial_id) REFERENCES quotaholder_app_commission(serial) DEFERRABLE INITIALLY DEFERRED;
