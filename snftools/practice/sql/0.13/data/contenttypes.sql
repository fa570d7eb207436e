-- What syncdb and South's migrations leave in the tables of django.contrib: content types of
-- the applications named in `practice.apps`, in the order in which 0.13 makes them, and three
-- permissions for each where django.contrib.auth is installed.

INSERT INTO django_site (id, domain, name) VALUES (1, 'example.com', 'example.com');

INSERT INTO django_content_type (id, name, app_label, model)
SELECT row_number() OVER (ORDER BY position), name, app_label, model
FROM (VALUES
    (1, 'content type', 'contenttypes', 'contenttype'),
    (2, 'session', 'sessions', 'session'),
    (3, 'site', 'sites', 'site'),
    (4, 'log entry', 'admin', 'logentry'),
    (5, 'migration history', 'south', 'migrationhistory'),
    (6, 'holder', 'quotaholder_app', 'holder'),
    (7, 'entity', 'quotaholder_app', 'entity'),
    (8, 'policy', 'quotaholder_app', 'policy'),
    (9, 'holding', 'quotaholder_app', 'holding'),
    (10, 'commission', 'quotaholder_app', 'commission'),
    (11, 'provision', 'quotaholder_app', 'provision'),
    (12, 'provision log', 'quotaholder_app', 'provisionlog'),
    (13, 'call serial', 'quotaholder_app', 'callserial'),
    (14, 'permission', 'auth', 'permission'),
    (15, 'group', 'auth', 'group'),
    (16, 'user', 'auth', 'user'),
    (17, 'message', 'auth', 'message'),
    (18, 'service', 'im', 'service'),
    (19, 'resource metadata', 'im', 'resourcemetadata'),
    (20, 'resource', 'im', 'resource'),
    (21, 'astakos user', 'im', 'astakosuser'),
    (22, 'astakos user auth provider', 'im', 'astakosuserauthprovider'),
    (23, 'astakos user quota', 'im', 'astakosuserquota'),
    (24, 'approval terms', 'im', 'approvalterms'),
    (25, 'invitation', 'im', 'invitation'),
    (26, 'email change', 'im', 'emailchange'),
    (27, 'additional mail', 'im', 'additionalmail'),
    (28, 'pending third party user', 'im', 'pendingthirdpartyuser'),
    (29, 'session catalog', 'im', 'sessioncatalog'),
    (30, 'user setting', 'im', 'usersetting'),
    (31, 'chain', 'im', 'chain'),
    (32, 'project application', 'im', 'projectapplication'),
    (33, 'project resource grant', 'im', 'projectresourcegrant'),
    (34, 'project', 'im', 'project'),
    (35, 'project membership', 'im', 'projectmembership'),
    (36, 'serial', 'im', 'serial'),
    (37, 'project membership history', 'im', 'projectmembershiphistory'),
    (38, 'Virtual machine flavor', 'db', 'flavor'),
    (39, 'Backend', 'db', 'backend'),
    (40, 'Quota Serial', 'db', 'quotaholderserial'),
    (41, 'Virtual machine instance', 'db', 'virtualmachine'),
    (42, 'Key-value pair of metadata for a VM.', 'db', 'virtualmachinemetadata'),
    (43, 'network', 'db', 'network'),
    (44, 'backend network', 'db', 'backendnetwork'),
    (45, 'network interface', 'db', 'networkinterface'),
    (46, 'bridge pool table', 'db', 'bridgepooltable'),
    (47, 'mac prefix pool table', 'db', 'macprefixpooltable'),
    (48, 'ip pool table', 'db', 'ippooltable'),
    (49, 'virtual machine diagnostic', 'db', 'virtualmachinediagnostic'),
    (50, 'public key pair', 'userdata', 'publickeypair')
) AS known (position, name, app_label, model)
WHERE app_label = ANY (string_to_array(current_setting('practice.apps'), ' '));

DO $$
BEGIN
    IF to_regclass('auth_permission') IS NOT NULL THEN
        INSERT INTO auth_permission (id, name, content_type_id, codename)
        SELECT 3 * (t.id - 1) + verb.n, 'Can ' || verb.word || ' ' || t.name, t.id,
               verb.word || '_' || t.model
        FROM django_content_type t,
             (VALUES (1, 'add'), (2, 'change'), (3, 'delete')) AS verb (n, word)
        ORDER BY 1;
    END IF;
END
$$;
