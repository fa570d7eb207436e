-- Astakos at 0.13: 40 users a block, 4 of them not verified, 13 with a pending application
-- limit of their own; projects, pending applications, services, the quotaholder's holdings.

INSERT INTO auth_group (id, name) VALUES (1, 'default'), (2, 'academic'), (3, 'helpdesk');

INSERT INTO auth_user (id, username, first_name, last_name, email, password, is_staff,
                       is_active, is_superuser, last_login, date_joined)
SELECT n, email, first_name, 'User' || n, email,
       'sha1$' || substr(md5('salt ' || n), 1, 5) || '$'
           || substr(encode(sha256(convert_to('password ' || n, 'UTF8')), 'hex'), 1, 40),
       false, active, n = 1, joined + interval '60 days', joined
FROM practice_users ORDER BY n;

INSERT INTO im_astakosuser (user_ptr_id, level, invitations, auth_token, auth_token_created,
                            auth_token_expires, updated, is_verified, email_verified,
                            has_credits, has_signed_terms, activation_sent, uuid,
                            disturbed_quota)
SELECT n, 4, 0, token, joined, joined + interval '100 years', joined + interval '60 days', false,
       active, false, false, CASE WHEN active THEN joined END, uuid, false
FROM practice_users ORDER BY n;

INSERT INTO im_astakosuserauthprovider (id, user_id, module, active, auth_backend, info_data,
                                        created)
SELECT n, n, 'local', true, 'astakos', '{}', joined FROM practice_users ORDER BY n;

INSERT INTO im_usersetting (id, user_id, setting, value)
SELECT row_number() OVER (ORDER BY n), n, 'PENDING_APPLICATION_LIMIT', own.value
FROM practice_users u
JOIN (VALUES (2, 5), (3, 0), (5, 10), (7, 1), (8, 25), (9, 12), (11, 3), (14, 7), (17, 100),
             (18, 2147483647), (20, 4), (21, 6), (22, 8)) AS own (k, value) USING (k);

INSERT INTO im_service (id, name, url, icon, auth_token, auth_token_created, "order")
VALUES (1, '~okeanos home', current_setting('practice.home_url'), 'home-icon.png',
        current_setting('practice.home_token'), '2013-03-01 09:00:00+00', 0),
       (2, 'cyclades', current_setting('practice.cyclades_url'), '',
        current_setting('practice.cyclades_token'), '2013-03-01 09:05:00+00', 0),
       (3, 'pithos+', current_setting('practice.pithos_url'), '',
        current_setting('practice.pithos_token'), '2013-03-01 09:10:00+00', 0);

INSERT INTO im_resource (id, name, service_id, "desc", unit, "group", uplimit)
VALUES (1, 'disk', 2, 'Virtual machine disk size', 'bytes', 'compute', 32212254720),
       (2, 'cpu', 2, 'Number of virtual machine processors', NULL, 'compute', 6),
       (3, 'ram', 2, 'Virtual machine memory size', 'bytes', 'compute', 6442450944),
       (4, 'vm', 2, 'Number of virtual machines', NULL, 'compute', 2),
       (5, 'network.private', 2, 'Private networks', NULL, 'network', 1),
       (6, 'diskspace', 3, 'Pithos account diskspace', 'bytes', 'storage', 5368709120);

INSERT INTO im_astakosuserquota (id, capacity, quantity, export_limit, import_limit,
                                 resource_id, user_id)
SELECT row_number() OVER (ORDER BY n, resource), own.capacity, 0, 1e32, 1e32, own.resource, n
FROM practice_users u
JOIN (VALUES (4, 4, 10), (6, 6, 107374182400), (12, 2, 32), (12, 3, 68719476736))
     AS own (k, resource, capacity) USING (k);

-- Eleven applications a block: four approved, seven pending (state 0). User 30 has two pending
-- ones and no limit of his own, so the default limit must be 2 or more.
CREATE TEMPORARY VIEW practice_applications AS
SELECT b * 11 + a.n AS n, a.n AS a, u.n AS owner, a.state, a.members,
       a.word || CASE WHEN b = 0 THEN '' ELSE '.b' || b END || '.example.org' AS name,
       timestamptz '2013-07-01 12:00:00+00' + (b * 11 + a.n) * interval '3 hours' AS issued
FROM practice_users u
JOIN (VALUES (1, 2, 1, 10, 'alpha'), (2, 5, 1, 11, 'beta'), (3, 8, 1, 12, 'gamma'),
             (4, 11, 1, 13, 'delta'), (5, 14, 0, 14, 'epsilon'), (6, 17, 0, 15, 'zeta'),
             (7, 20, 0, NULL, 'pend1'), (8, 20, 0, NULL, 'pend2'), (9, 21, 0, NULL, 'pend3'),
             (10, 30, 0, NULL, 'pend4'), (11, 30, 0, NULL, 'pend5'))
     AS a (n, k, state, members, word) USING (k);

INSERT INTO im_chain (chain) SELECT n FROM practice_applications ORDER BY n;

INSERT INTO im_projectapplication (id, applicant_id, state, owner_id, chain, name, homepage,
                                   description, start_date, end_date, member_join_policy,
                                   member_leave_policy, limit_on_members_number, comments,
                                   issue_date, response_date)
SELECT n, owner, state, owner, n, name, 'https://' || name, 'Έργο ' || name, issued,
       issued + interval '200 days', 1, 1, members, '', issued,
       CASE WHEN state = 1 THEN issued + interval '1 day' END
FROM practice_applications ORDER BY n;

INSERT INTO im_project (id, application_id, last_approval_date, deactivation_reason,
                        creation_date, name, is_modified, is_active, state)
SELECT n, n, issued + interval '1 day', (ARRAY[NULL, NULL, 'SUSPENDED', 'TERMINATED'])[a],
       issued + interval '1 day', CASE WHEN a <> 4 THEN name END, false, true,
       (ARRAY[1, 1, 10, 100])[a]
FROM practice_applications WHERE state = 1 ORDER BY n;

INSERT INTO im_projectmembership (id, person_id, request_date, project_id, state, is_pending,
                                  is_active, acceptance_date)
SELECT row_number() OVER (ORDER BY p.n, u.n), u.n, p.issued::date + 2, p.n, 1, true, false,
       p.issued::date + 2
FROM practice_applications p
JOIN practice_users u ON u.b = (p.n - 1) / 11 AND u.active
     AND u.k BETWEEN 8 + 3 * p.a AND 13 + 3 * p.a + p.a / 2
WHERE p.state = 1;

INSERT INTO im_projectmembershiphistory (id, person, project, date, reason, serial)
SELECT id, person_id, project_id, request_date, 0, id FROM im_projectmembership ORDER BY id;

INSERT INTO im_projectresourcegrant (id, resource_id, project_application_id, member_capacity)
SELECT row_number() OVER (ORDER BY p.n, g.n), g.resource, p.n, g.base + g.step * (p.n - 1) % 7
FROM practice_applications p
JOIN (VALUES (1, 4, 2, 1), (2, 2, 4, 1), (3, 3, 1073741824, 0), (4, 6, 10737418240, 0))
     AS g (n, resource, base, step) ON g.n = 1 OR p.a <= 6;

INSERT INTO quotaholder_app_entity (entity, owner_id, key)
VALUES ('system', 'system', ''), ('cyclades', 'system', '1'), ('pithos+', 'system', '1');

INSERT INTO quotaholder_app_entity (entity, owner_id, key)
SELECT uuid, 'system', '1' FROM practice_users WHERE active ORDER BY n;

-- A holding for each resource: of the two services without limit, of each verified user with
-- the default limit or his own, and what his machines, networks and files use.
CREATE TEMPORARY TABLE practice_holdings AS
WITH resources AS (
    SELECT r.id AS position, s.name AS service, s.name || '.' || r.name AS resource, r.id,
           r.uplimit
    FROM im_resource r JOIN im_service s ON s.id = r.service_id
), used AS (
    SELECT uuid, 1 AS id, sum(disk) * 1073741824 AS amount FROM practice_machines
        WHERE NOT deleted GROUP BY uuid
    UNION ALL SELECT uuid, 2, sum(cpu) FROM practice_machines WHERE NOT deleted GROUP BY uuid
    UNION ALL SELECT uuid, 3, sum(ram) * 1048576 FROM practice_machines
        WHERE NOT deleted GROUP BY uuid
    UNION ALL SELECT uuid, 4, count(*) FROM practice_machines WHERE NOT deleted GROUP BY uuid
    UNION ALL SELECT uuid, 5, count(*) FROM practice_networks GROUP BY uuid
    UNION ALL SELECT uuid, 6, 5480 FROM practice_users WHERE active AND k <= 22
)
SELECT row_number() OVER (ORDER BY n, position) AS id, entity, resource, quantity, capacity,
       amount
FROM (
    SELECT 0 AS n, position, service AS entity, resource, 1e32 AS quantity, 1e32 AS capacity,
           0 AS amount
    FROM resources
    UNION ALL
    SELECT u.n, r.position, u.uuid, r.resource, 0, coalesce(q.capacity, r.uplimit),
           coalesce(used.amount, 0)
    FROM practice_users u
    CROSS JOIN resources r
    LEFT JOIN im_astakosuserquota q ON q.user_id = u.n AND q.resource_id = r.id
    LEFT JOIN used ON used.uuid = u.uuid AND used.id = r.id
    WHERE u.active
) AS every;

INSERT INTO quotaholder_app_policy (policy, quantity, capacity, import_limit, export_limit)
SELECT 'policy_' || substr(md5('policy ' || id), 1, 23), quantity, capacity, 1e32, 1e32
FROM practice_holdings ORDER BY id;

INSERT INTO quotaholder_app_holding (id, entity_id, resource, policy_id, flags, imported,
                                     importing, exported, exporting, returned, "returning",
                                     released, releasing)
SELECT id, entity, resource, 'policy_' || substr(md5('policy ' || id), 1, 23), 0, amount,
       amount, 0, 0, 0, 0, 0, 0
FROM practice_holdings ORDER BY id;
