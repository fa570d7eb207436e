"""The tables of django.contrib and South that syncdb makes in an empty database."""

# In the order in which syncdb names them.
TABLES = {
    "django_content_type": """
    id serial NOT NULL,
    name varchar(100) NOT NULL,
    app_label varchar(100) NOT NULL,
    model varchar(100) NOT NULL,
    CONSTRAINT django_content_type_app_label_model_key UNIQUE (app_label, model),
    CONSTRAINT django_content_type_pkey PRIMARY KEY (id)
    """,
    "django_site": """
    id serial NOT NULL,
    domain varchar(100) NOT NULL,
    name varchar(50) NOT NULL,
    CONSTRAINT django_site_pkey PRIMARY KEY (id)
    """,
    "django_admin_log": """
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
    """,
    "south_migrationhistory": """
    id serial NOT NULL,
    app_name varchar(255) NOT NULL,
    migration varchar(255) NOT NULL,
    applied timestamptz NOT NULL,
    CONSTRAINT south_migrationhistory_pkey PRIMARY KEY (id)
    """,
    "auth_permission": """
    id serial NOT NULL,
    name varchar(50) NOT NULL,
    content_type_id integer NOT NULL,
    codename varchar(100) NOT NULL,
    CONSTRAINT auth_permission_content_type_id_codename_key UNIQUE (content_type_id, codename),
    CONSTRAINT auth_permission_pkey PRIMARY KEY (id)
    """,
    "auth_group_permissions": """
    id serial NOT NULL,
    group_id integer NOT NULL,
    permission_id integer NOT NULL,
    CONSTRAINT auth_group_permissions_group_id_permission_id_key UNIQUE (group_id, permission_id),
    CONSTRAINT auth_group_permissions_pkey PRIMARY KEY (id)
    """,
    "auth_group": """
    id serial NOT NULL,
    name varchar(80) NOT NULL,
    CONSTRAINT auth_group_name_key UNIQUE (name),
    CONSTRAINT auth_group_pkey PRIMARY KEY (id)
    """,
    "auth_user_user_permissions": """
    id serial NOT NULL,
    user_id integer NOT NULL,
    permission_id integer NOT NULL,
    CONSTRAINT auth_user_user_permissions_user_id_permission_id_key UNIQUE (user_id, permission_id),
    CONSTRAINT auth_user_user_permissions_pkey PRIMARY KEY (id)
    """,
    "auth_user_groups": """
    id serial NOT NULL,
    user_id integer NOT NULL,
    group_id integer NOT NULL,
    CONSTRAINT auth_user_groups_user_id_group_id_key UNIQUE (user_id, group_id),
    CONSTRAINT auth_user_groups_pkey PRIMARY KEY (id)
    """,
    "auth_user": """
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
    """,
    "auth_message": """
    id serial NOT NULL,
    user_id integer NOT NULL,
    message text NOT NULL,
    CONSTRAINT auth_message_pkey PRIMARY KEY (id)
    """,
    "django_session": """
    session_key varchar(40) NOT NULL,
    session_data text NOT NULL,
    expire_date timestamptz NOT NULL,
    CONSTRAINT django_session_pkey PRIMARY KEY (session_key)
    """,
}

# Made after all tables: indexes and references, by table.
AFTER = (
    (
        "django_admin_log",
        "CREATE INDEX django_admin_log_content_type_id ON django_admin_log (content_type_id)",
    ),
    (
        "django_admin_log",
        "CREATE INDEX django_admin_log_user_id ON django_admin_log (user_id)",
    ),
    (
        "auth_group_permissions",
        "CREATE INDEX auth_group_permissions_group_id ON auth_group_permissions (group_id)",
    ),
    (
        "auth_group_permissions",
        "CREATE INDEX auth_group_permissions_permission_id ON auth_group_permissions"
        " (permission_id)",
    ),
    (
        "auth_message",
        "CREATE INDEX auth_message_user_id ON auth_message (user_id)",
    ),
    (
        "auth_permission",
        "CREATE INDEX auth_permission_content_type_id ON auth_permission (content_type_id)",
    ),
    (
        "auth_user_groups",
        "CREATE INDEX auth_user_groups_group_id ON auth_user_groups (group_id)",
    ),
    (
        "auth_user_groups",
        "CREATE INDEX auth_user_groups_user_id ON auth_user_groups (user_id)",
    ),
    (
        "auth_user_user_permissions",
        "CREATE INDEX auth_user_user_permissions_permission_id ON auth_user_user_permissions"
        " (permission_id)",
    ),
    (
        "auth_user_user_permissions",
        "CREATE INDEX auth_user_user_permissions_user_id ON auth_user_user_permissions"
        " (user_id)",
    ),
    (
        "django_admin_log",
        "ALTER TABLE django_admin_log ADD CONSTRAINT django_admin_log_content_type_id_fkey"
        " FOREIGN KEY (content_type_id) REFERENCES django_content_type(id) DEFERRABLE"
        " INITIALLY DEFERRED",
    ),
    (
        "auth_group_permissions",
        "ALTER TABLE auth_group_permissions ADD CONSTRAINT"
        " auth_group_permissions_permission_id_fkey FOREIGN KEY (permission_id) REFERENCES"
        " auth_permission(id) DEFERRABLE INITIALLY DEFERRED",
    ),
    (
        "auth_group_permissions",
        "ALTER TABLE auth_group_permissions ADD CONSTRAINT group_id_refs_id_3cea63fe FOREIGN"
        " KEY (group_id) REFERENCES auth_group(id) DEFERRABLE INITIALLY DEFERRED",
    ),
    (
        "auth_message",
        "ALTER TABLE auth_message ADD CONSTRAINT auth_message_user_id_fkey FOREIGN KEY"
        " (user_id) REFERENCES auth_user(id) DEFERRABLE INITIALLY DEFERRED",
    ),
    (
        "auth_permission",
        "ALTER TABLE auth_permission ADD CONSTRAINT auth_permission_content_type_id_fkey"
        " FOREIGN KEY (content_type_id) REFERENCES django_content_type(id) DEFERRABLE"
        " INITIALLY DEFERRED",
    ),
    (
        "auth_user_groups",
        "ALTER TABLE auth_user_groups ADD CONSTRAINT auth_user_groups_group_id_fkey FOREIGN"
        " KEY (group_id) REFERENCES auth_group(id) DEFERRABLE INITIALLY DEFERRED",
    ),
    (
        "auth_user_groups",
        "ALTER TABLE auth_user_groups ADD CONSTRAINT user_id_refs_id_831107f1 FOREIGN KEY"
        " (user_id) REFERENCES auth_user(id) DEFERRABLE INITIALLY DEFERRED",
    ),
    (
        "auth_user_user_permissions",
        "ALTER TABLE auth_user_user_permissions ADD CONSTRAINT"
        " auth_user_user_permissions_permission_id_fkey FOREIGN KEY (permission_id)"
        " REFERENCES auth_permission(id) DEFERRABLE INITIALLY DEFERRED",
    ),
    (
        "auth_user_user_permissions",
        "ALTER TABLE auth_user_user_permissions ADD CONSTRAINT user_id_refs_id_f2045483"
        " FOREIGN KEY (user_id) REFERENCES auth_user(id) DEFERRABLE INITIALLY DEFERRED",
    ),
    (
        "django_admin_log",
        "ALTER TABLE django_admin_log ADD CONSTRAINT user_id_refs_id_c8665aa FOREIGN KEY"
        " (user_id) REFERENCES auth_user(id) DEFERRABLE INITIALLY DEFERRED",
    ),
)
