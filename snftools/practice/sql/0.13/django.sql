-- Tables of Django itself, its contrib applications and South: every database has them.

CREATE TABLE django_admin_log (
    id serial NOT NULL,
    action_time timestamptz NOT NULL,
    user_id integer NOT NULL,
    content_type_id integer,
    object_id text,
    object_repr varchar(200) NOT NULL,
    action_flag smallint NOT NULL,
    change_message text NOT NULL,
    CONSTRAINT django_admin_log_pkey PRIMARY KEY (id),
    CONSTRAINT django_admin_log_action_flag_check CHECK ((action_flag >= 0))
);
CREATE TABLE django_content_type (
    id serial NOT NULL,
    name varchar(100) NOT NULL,
    app_label varchar(100) NOT NULL,
    model varchar(100) NOT NULL,
    CONSTRAINT django_content_type_app_label_model_key UNIQUE (app_label, model),
    CONSTRAINT django_content_type_pkey PRIMARY KEY (id)
);
CREATE TABLE django_session (
    session_key varchar(40) NOT NULL,
    session_data text NOT NULL,
    expire_date timestamptz NOT NULL,
    CONSTRAINT django_session_pkey PRIMARY KEY (session_key)
);
CREATE TABLE django_site (
    id serial NOT NULL,
    domain varchar(100) NOT NULL,
    name varchar(50) NOT NULL,
    CONSTRAINT django_site_pkey PRIMARY KEY (id)
);
CREATE TABLE south_migrationhistory (
    id serial NOT NULL,
    app_name varchar(255) NOT NULL,
    migration varchar(255) NOT NULL,
    applied timestamptz NOT NULL,
    CONSTRAINT south_migrationhistory_pkey PRIMARY KEY (id)
);

CREATE INDEX django_admin_log_content_type_id ON django_admin_log (content_type_id);
CREATE INDEX django_admin_log_user_id ON django_admin_log (user_id);

ALTER TABLE django_admin_log
    ADD CONSTRAINT django_admin_log_content_type_id_fkey FOREIGN KEY (content_type_id) REFERENCES django_content_type(id) DEFERRABLE INITIALLY DEFERRED;
