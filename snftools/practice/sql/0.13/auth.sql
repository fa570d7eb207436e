-- django.contrib.auth, installed with astakos only.

CREATE TABLE auth_group (
    id serial NOT NULL,
    name varchar(80) NOT NULL,
    CONSTRAINT auth_group_name_key UNIQUE (name),
    CONSTRAINT auth_group_pkey PRIMARY KEY (id)
);
CREATE TABLE auth_group_permissions (
    id serial NOT NULL,
    group_id integer NOT NULL,
    permission_id integer NOT NULL,
    CONSTRAINT auth_group_permissions_group_id_permission_id_key UNIQUE (group_id, permission_id),
    CONSTRAINT auth_group_permissions_pkey PRIMARY KEY (id)
);
CREATE TABLE auth_message (
    id serial NOT NULL,
    user_id integer NOT NULL,
    message text NOT NULL,
    CONSTRAINT auth_message_pkey PRIMARY KEY (id)
);
CREATE TABLE auth_permission (
    id serial NOT NULL,
    name varchar(50) NOT NULL,
    content_type_id integer NOT NULL,
    codename varchar(100) NOT NULL,
    CONSTRAINT auth_permission_content_type_id_codename_key UNIQUE (content_type_id, codename),
    CONSTRAINT auth_permission_pkey PRIMARY KEY (id)
);
CREATE TABLE auth_user (
    id serial NOT NULL,
    username varchar(75) NOT NULL,
    first_name varchar(30) NOT NULL,
    last_name varchar(30) NOT NULL,
    email varchar(75) NOT NULL,
    password varchar(128) NOT NULL,
    is_staff boolean NOT NULL,
    is_active boolean NOT NULL,
    is_superuser boolean NOT NULL,
    last_login timestamptz NOT NULL,
    date_joined timestamptz NOT NULL,
    CONSTRAINT auth_user_username_key UNIQUE (username),
    CONSTRAINT auth_user_pkey PRIMARY KEY (id)
);
CREATE TABLE auth_user_groups (
    id serial NOT NULL,
    user_id integer NOT NULL,
    group_id integer NOT NULL,
    CONSTRAINT auth_user_groups_user_id_group_id_key UNIQUE (user_id, group_id),
    CONSTRAINT auth_user_groups_pkey PRIMARY KEY (id)
);
CREATE TABLE auth_user_user_permissions (
    id serial NOT NULL,
    user_id integer NOT NULL,
    permission_id integer NOT NULL,
    CONSTRAINT auth_user_user_permissions_user_id_permission_id_key UNIQUE (user_id, permission_id),
    CONSTRAINT auth_user_user_permissions_pkey PRIMARY KEY (id)
);

CREATE INDEX auth_group_permissions_group_id ON auth_group_permissions (group_id);
CREATE INDEX auth_group_permissions_permission_id ON auth_group_permissions (permission_id);
CREATE INDEX auth_message_user_id ON auth_message (user_id);
CREATE INDEX auth_permission_content_type_id ON auth_permission (content_type_id);
CREATE INDEX auth_user_groups_group_id ON auth_user_groups (group_id);
CREATE INDEX auth_user_groups_user_id ON auth_user_groups (user_id);
CREATE INDEX auth_user_user_permissions_permission_id ON auth_user_user_permissions (permission_id);
CREATE INDEX auth_user_user_permissions_user_id ON auth_user_user_permissions (user_id);

ALTER TABLE auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_permission_id_fkey FOREIGN KEY (permission_id) REFERENCES auth_permission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE auth_group_permissions
    ADD CONSTRAINT group_id_refs_id_3cea63fe FOREIGN KEY (group_id) REFERENCES auth_group(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE auth_message
    ADD CONSTRAINT auth_message_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE auth_permission
    ADD CONSTRAINT auth_permission_content_type_id_fkey FOREIGN KEY (content_type_id) REFERENCES django_content_type(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE auth_user_groups
    ADD CONSTRAINT auth_user_groups_group_id_fkey FOREIGN KEY (group_id) REFERENCES auth_group(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE auth_user_groups
    ADD CONSTRAINT user_id_refs_id_831107f1 FOREIGN KEY (user_id) REFERENCES auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE auth_user_user_permissions
    ADD CONSTRAINT auth_user_user_permissions_permission_id_fkey FOREIGN KEY (permission_id) REFERENCES auth_permission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE auth_user_user_permissions
    ADD CONSTRAINT user_id_refs_id_f2045483 FOREIGN KEY (user_id) REFERENCES auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE django_admin_log
    ADD CONSTRAINT user_id_refs_id_c8665aa FOREIGN KEY (user_id) REFERENCES auth_user(id) DEFERRABLE INITIALLY DEFERRED;
