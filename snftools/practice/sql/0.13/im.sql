-- astakos.im as 0.13 leaves it (migration 0024).

CREATE TABLE im_additionalmail (
    id serial NOT NULL,
    owner_id integer NOT NULL,
    email varchar(75) NOT NULL,
    CONSTRAINT im_additionalmail_email_key UNIQUE (email),
    CONSTRAINT im_additionalmail_pkey PRIMARY KEY (id)
);
CREATE TABLE im_approvalterms (
    id serial NOT NULL,
    date timestamptz NOT NULL,
    location varchar(255) NOT NULL,
    CONSTRAINT im_approvalterms_pkey PRIMARY KEY (id)
);
CREATE TABLE im_astakosuser (
    user_ptr_id integer NOT NULL,
    affiliation varchar(255),
    provider varchar(255),
    level integer NOT NULL DEFAULT 4,
    invitations integer NOT NULL DEFAULT 0,
    auth_token varchar(32),
    auth_token_created timestamptz,
    auth_token_expires timestamptz,
    updated timestamptz NOT NULL,
    is_verified boolean NOT NULL DEFAULT false,
    third_party_identifier varchar(255),
    email_verified boolean NOT NULL DEFAULT false,
    has_credits boolean NOT NULL DEFAULT false,
    has_signed_terms boolean NOT NULL DEFAULT false,
    date_signed_terms timestamptz,
    activation_sent timestamptz,
    uuid varchar(255),
    disturbed_quota boolean NOT NULL,
    CONSTRAINT im_astakosuser_uuid_key UNIQUE (uuid),
    CONSTRAINT im_astakosuser_pkey PRIMARY KEY (user_ptr_id)
);
CREATE TABLE im_astakosuserauthprovider (
    id serial NOT NULL,
    affiliation varchar(255),
    user_id integer NOT NULL,
    module varchar(255) NOT NULL DEFAULT 'local',
    identifier varchar(255),
    active boolean NOT NULL DEFAULT true,
    auth_backend varchar(255) NOT NULL DEFAULT 'astakos',
    info_data text DEFAULT '',
    created timestamptz NOT NULL,
    CONSTRAINT im_astakosuserauthprovider_identifier_20ef82432adc4247_uniq UNIQUE (identifier, module, user_id),
    CONSTRAINT im_astakosuserauthprovider_pkey PRIMARY KEY (id)
);
CREATE TABLE im_astakosuserquota (
    id serial NOT NULL,
    capacity numeric(38,0) NOT NULL DEFAULT 0,
    quantity numeric(38,0) NOT NULL,
    export_limit numeric(38,0) NOT NULL,
    import_limit numeric(38,0) NOT NULL,
    resource_id integer NOT NULL,
    user_id integer NOT NULL,
    CONSTRAINT im_astakosuserquota_resource_id_a8984f5748ed41c_uniq UNIQUE (resource_id, user_id),
    CONSTRAINT im_astakosuserquota_pkey PRIMARY KEY (id)
);
CREATE TABLE im_chain (
    chain serial NOT NULL,
    CONSTRAINT im_chain_pkey PRIMARY KEY (chain)
);
CREATE TABLE im_emailchange (
    id serial NOT NULL,
    new_email_address varchar(75) NOT NULL,
    user_id integer NOT NULL,
    requested_at timestamptz NOT NULL,
    activation_key varchar(40) NOT NULL,
    CONSTRAINT im_emailchange_activation_key_key UNIQUE (activation_key),
    CONSTRAINT im_emailchange_user_id_key UNIQUE (user_id),
    CONSTRAINT im_emailchange_pkey PRIMARY KEY (id)
);
CREATE TABLE im_invitation (
    id serial NOT NULL,
    inviter_id integer,
    realname varchar(255) NOT NULL,
    username varchar(255) NOT NULL,
    code bigint NOT NULL,
    is_consumed boolean NOT NULL DEFAULT false,
    created timestamptz NOT NULL,
    consumed timestamptz,
    CONSTRAINT im_invitation_username_uniq UNIQUE (username),
    CONSTRAINT im_invitation_pkey PRIMARY KEY (id)
);
CREATE TABLE im_pendingthirdpartyuser (
    id serial NOT NULL,
    third_party_identifier varchar(255),
    provider varchar(255) NOT NULL,
    email varchar(75),
    first_name varchar(30),
    last_name varchar(30),
    affiliation varchar(255),
    username varchar(30) NOT NULL,
    token varchar(255),
    created timestamptz,
    info text DEFAULT '',
    CONSTRAINT im_pendingthirdpartyuser_provider_c6ed5b5d54ab767_uniq UNIQUE (provider, third_party_identifier),
    CONSTRAINT im_pendingthirdpartyuser_username_key UNIQUE (username),
    CONSTRAINT im_pendingthirdpartyuser_pkey PRIMARY KEY (id)
);
CREATE TABLE im_project (
    id serial NOT NULL,
    application_id integer NOT NULL,
    last_approval_date timestamptz,
    deactivation_reason varchar(255),
    deactivation_date timestamptz,
    creation_date timestamptz NOT NULL,
    name varchar(80),
    is_modified boolean NOT NULL DEFAULT false,
    is_active boolean NOT NULL DEFAULT true,
    state integer NOT NULL DEFAULT 1,
    CONSTRAINT im_project_application_id_key UNIQUE (application_id),
    CONSTRAINT im_project_name_key UNIQUE (name),
    CONSTRAINT im_project_pkey PRIMARY KEY (id)
);
CREATE TABLE im_projectapplication (
    id serial NOT NULL,
    applicant_id integer NOT NULL,
    state integer NOT NULL DEFAULT 0,
    owner_id integer NOT NULL,
    chain integer NOT NULL,
    precursor_application_id integer,
    name varchar(80) NOT NULL,
    homepage varchar(255),
    description text,
    start_date timestamptz,
    end_date timestamptz NOT NULL,
    member_join_policy integer NOT NULL,
    member_leave_policy integer NOT NULL,
    limit_on_members_number integer,
    comments text,
    issue_date timestamptz NOT NULL,
    response_date timestamptz,
    response text,
    CONSTRAINT im_projectapplication_chain_20321179a1dd661a_uniq UNIQUE (chain, id),
    CONSTRAINT im_projectapplication_pkey PRIMARY KEY (id),
    CONSTRAINT im_projectapplication_limit_on_members_number_check CHECK ((limit_on_members_number >= 0))
);
CREATE TABLE im_projectmembership (
    id serial NOT NULL,
    person_id integer NOT NULL,
    request_date date NOT NULL,
    project_id integer NOT NULL,
    state integer NOT NULL DEFAULT 0,
    is_pending boolean NOT NULL DEFAULT false,
    is_active boolean NOT NULL DEFAULT false,
    application_id integer,
    pending_application_id integer,
    pending_serial bigint,
    acceptance_date date,
    leave_request_date date,
    CONSTRAINT im_projectmembership_person_id_b8dfc827501861_uniq UNIQUE (person_id, project_id),
    CONSTRAINT im_projectmembership_pkey PRIMARY KEY (id)
);
CREATE TABLE im_projectmembershiphistory (
    id serial NOT NULL,
    person bigint NOT NULL,
    project bigint NOT NULL,
    date date NOT NULL,
    reason integer NOT NULL,
    serial bigint NOT NULL,
    CONSTRAINT im_projectmembershiphistory_pkey PRIMARY KEY (id)
);
CREATE TABLE im_projectresourcegrant (
    id serial NOT NULL,
    resource_id integer NOT NULL,
    project_application_id integer,
    project_capacity numeric(38,0) NOT NULL DEFAULT '100000000000000000000000000000000',
    project_import_limit numeric(38,0) NOT NULL DEFAULT '100000000000000000000000000000000',
    project_export_limit numeric(38,0) NOT NULL DEFAULT '100000000000000000000000000000000',
    member_capacity numeric(38,0) NOT NULL DEFAULT '100000000000000000000000000000000',
    member_import_limit numeric(38,0) NOT NULL DEFAULT '100000000000000000000000000000000',
    member_export_limit numeric(38,0) NOT NULL DEFAULT '100000000000000000000000000000000',
    CONSTRAINT im_projectresourcegrant_resource_id_28aa5745dc34bc90_uniq UNIQUE (resource_id, project_application_id),
    CONSTRAINT im_projectresourcegrant_pkey PRIMARY KEY (id)
);
CREATE TABLE im_resource (
    id serial NOT NULL,
    name varchar(255) NOT NULL,
    service_id integer NOT NULL,
    "desc" text,
    unit varchar(255),
    "group" varchar(255),
    uplimit numeric(38,0) NOT NULL,
    CONSTRAINT im_resource_name_64946b943d0edfc_uniq UNIQUE (name, service_id),
    CONSTRAINT im_resource_pkey PRIMARY KEY (id)
);
CREATE TABLE im_resource_meta (
    id serial NOT NULL,
    resource_id integer NOT NULL,
    resourcemetadata_id integer NOT NULL,
    CONSTRAINT im_resource_meta_resource_id_35c2ed83f2dc7742_uniq UNIQUE (resource_id, resourcemetadata_id),
    CONSTRAINT im_resource_meta_pkey PRIMARY KEY (id)
);
CREATE TABLE im_resourcemetadata (
    id serial NOT NULL,
    key varchar(255) NOT NULL,
    value varchar(255) NOT NULL,
    CONSTRAINT im_resourcemetadata_key_key UNIQUE (key),
    CONSTRAINT im_resourcemetadata_pkey PRIMARY KEY (id)
);
CREATE TABLE im_serial (
    serial serial NOT NULL,
    CONSTRAINT im_serial_pkey PRIMARY KEY (serial)
);
CREATE TABLE im_service (
    id serial NOT NULL,
    name varchar(255) NOT NULL,
    url varchar(100) NOT NULL,
    icon varchar(100) NOT NULL,
    auth_token varchar(32),
    auth_token_created timestamptz,
    auth_token_expires timestamptz,
    "order" integer NOT NULL,
    CONSTRAINT im_service_name_key UNIQUE (name),
    CONSTRAINT im_service_pkey PRIMARY KEY (id),
    CONSTRAINT im_service_order_check CHECK (("order" >= 0))
);
CREATE TABLE im_sessioncatalog (
    id serial NOT NULL,
    session_key varchar(40) NOT NULL,
    user_id integer,
    CONSTRAINT im_sessioncatalog_pkey PRIMARY KEY (id)
);
CREATE TABLE im_usersetting (
    id serial NOT NULL,
    user_id integer NOT NULL,
    setting varchar(255) NOT NULL,
    value integer NOT NULL,
    CONSTRAINT im_usersetting_user_id_56cec0d60e7ac53_uniq UNIQUE (user_id, setting),
    CONSTRAINT im_usersetting_pkey PRIMARY KEY (id)
);

-- 0022 left the sequence behind when it took the default away.
ALTER TABLE im_project ALTER COLUMN id DROP DEFAULT;

CREATE INDEX im_additionalmail_owner_id ON im_additionalmail (owner_id);
CREATE INDEX im_approvalterms_date ON im_approvalterms (date);
CREATE INDEX im_astakosuser_disturbed_quota ON im_astakosuser (disturbed_quota);
CREATE INDEX im_astakosuserauthprovider_user_id ON im_astakosuserauthprovider (user_id);
CREATE INDEX im_astakosuserquota_resource_id ON im_astakosuserquota (resource_id);
CREATE INDEX im_astakosuserquota_user_id ON im_astakosuserquota (user_id);
CREATE INDEX im_invitation_code ON im_invitation (code);
CREATE INDEX im_invitation_inviter_id ON im_invitation (inviter_id);
CREATE INDEX im_project_id ON im_project (id);
CREATE INDEX im_project_is_active ON im_project (is_active);
CREATE INDEX im_project_is_modified ON im_project (is_modified);
CREATE INDEX im_project_state ON im_project (state);
CREATE INDEX im_projectapplication_applicant_id ON im_projectapplication (applicant_id);
CREATE INDEX im_projectapplication_chain ON im_projectapplication (chain);
CREATE INDEX im_projectapplication_owner_id ON im_projectapplication (owner_id);
CREATE INDEX im_projectapplication_state ON im_projectapplication (state);
CREATE INDEX im_projectmembership_acceptance_date ON im_projectmembership (acceptance_date);
CREATE INDEX im_projectmembership_application_id ON im_projectmembership (application_id);
CREATE INDEX im_projectmembership_is_active ON im_projectmembership (is_active);
CREATE INDEX im_projectmembership_is_pending ON im_projectmembership (is_pending);
CREATE INDEX im_projectmembership_pending_application_id ON im_projectmembership (pending_application_id);
CREATE INDEX im_projectmembership_pending_serial ON im_projectmembership (pending_serial);
CREATE INDEX im_projectmembership_person_id ON im_projectmembership (person_id);
CREATE INDEX im_projectmembership_project_id ON im_projectmembership (project_id);
CREATE INDEX im_projectmembership_state ON im_projectmembership (state);
CREATE INDEX im_projectresourcegrant_project_application_id ON im_projectresourcegrant (project_application_id);
CREATE INDEX im_projectresourcegrant_resource_id ON im_projectresourcegrant (resource_id);
CREATE INDEX im_resource_service_id ON im_resource (service_id);
CREATE INDEX im_resource_meta_resource_id ON im_resource_meta (resource_id);
CREATE INDEX im_resource_meta_resourcemetadata_id ON im_resource_meta (resourcemetadata_id);
CREATE INDEX im_service_name ON im_service (name);
CREATE INDEX im_sessioncatalog_user_id ON im_sessioncatalog (user_id);
CREATE INDEX im_usersetting_user_id ON im_usersetting (user_id);

ALTER TABLE im_additionalmail
    ADD CONSTRAINT owner_id_refs_user_ptr_id_4ffb6e9c0835e78d FOREIGN KEY (owner_id) REFERENCES im_astakosuser(user_ptr_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE im_astakosuser
    ADD CONSTRAINT user_ptr_id_refs_id_291265165278fc4a FOREIGN KEY (user_ptr_id) REFERENCES auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE im_astakosuserauthprovider
    ADD CONSTRAINT user_id_refs_user_ptr_id_f4d2b2a64f4348a FOREIGN KEY (user_id) REFERENCES im_astakosuser(user_ptr_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE im_astakosuserquota
    ADD CONSTRAINT resource_id_refs_id_446c696037b01f66 FOREIGN KEY (resource_id) REFERENCES im_resource(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE im_astakosuserquota
    ADD CONSTRAINT user_id_refs_user_ptr_id_6bdb7bcc250b5b9e FOREIGN KEY (user_id) REFERENCES im_astakosuser(user_ptr_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE im_emailchange
    ADD CONSTRAINT user_id_refs_user_ptr_id_108e3452c7617f70 FOREIGN KEY (user_id) REFERENCES im_astakosuser(user_ptr_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE im_invitation
    ADD CONSTRAINT inviter_id_refs_user_ptr_id_13f9b218a3d2a69c FOREIGN KEY (inviter_id) REFERENCES im_astakosuser(user_ptr_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE im_project
    ADD CONSTRAINT application_id_refs_id_c4e25c8185a8478 FOREIGN KEY (application_id) REFERENCES im_projectapplication(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE im_project
    ADD CONSTRAINT id_refs_chain_5b47a71acec9cf47 FOREIGN KEY (id) REFERENCES im_chain(chain) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE im_projectapplication
    ADD CONSTRAINT applicant_id_refs_user_ptr_id_101aa33b5cb45f2a FOREIGN KEY (applicant_id) REFERENCES im_astakosuser(user_ptr_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE im_projectapplication
    ADD CONSTRAINT chain_refs_chain_4f4472e25c63ba54 FOREIGN KEY (chain) REFERENCES im_chain(chain) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE im_projectapplication
    ADD CONSTRAINT owner_id_refs_user_ptr_id_101aa33b5cb45f2a FOREIGN KEY (owner_id) REFERENCES im_astakosuser(user_ptr_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE im_projectapplication
    ADD CONSTRAINT precursor_application_id_refs_id_794e5e0c38830905 FOREIGN KEY (precursor_application_id) REFERENCES im_projectapplication(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE im_projectmembership
    ADD CONSTRAINT application_id_refs_id_71948d3d104e4222 FOREIGN KEY (application_id) REFERENCES im_projectapplication(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE im_projectmembership
    ADD CONSTRAINT pending_application_id_refs_id_71948d3d104e4222 FOREIGN KEY (pending_application_id) REFERENCES im_projectapplication(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE im_projectmembership
    ADD CONSTRAINT person_id_refs_user_ptr_id_226c3a56956dc30d FOREIGN KEY (person_id) REFERENCES im_astakosuser(user_ptr_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE im_projectmembership
    ADD CONSTRAINT project_id_refs_id_66c348dfc0287ecf FOREIGN KEY (project_id) REFERENCES im_project(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE im_projectresourcegrant
    ADD CONSTRAINT project_application_id_refs_id_66783c60521311ef FOREIGN KEY (project_application_id) REFERENCES im_projectapplication(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE im_projectresourcegrant
    ADD CONSTRAINT resource_id_refs_id_632c9ec17c98147c FOREIGN KEY (resource_id) REFERENCES im_resource(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE im_resource
    ADD CONSTRAINT service_id_refs_id_40ec68d23e3815e5 FOREIGN KEY (service_id) REFERENCES im_service(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE im_resource_meta
    ADD CONSTRAINT resource_id_refs_id_2675fea5318fa322 FOREIGN KEY (resource_id) REFERENCES im_resource(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE im_resource_meta
    ADD CONSTRAINT resourcemetadata_id_refs_id_79f569d70ea8235b FOREIGN KEY (resourcemetadata_id) REFERENCES im_resourcemetadata(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE im_sessioncatalog
    ADD CONSTRAINT user_id_refs_user_ptr_id_3f68afc051d92044 FOREIGN KEY (user_id) REFERENCES im_astakosuser(user_ptr_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE im_usersetting
    ADD CONSTRAINT user_id_refs_user_ptr_id_5a68a2f6891e6dfb FOREIGN KEY (user_id) REFERENCES im_astakosuser(user_ptr_id) DEFERRABLE INITIALLY DEFERRED;
