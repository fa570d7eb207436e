-- Cyclades at 0.13: two Ganeti backends, 27 flavours, 25 virtual machines and 6 private
-- networks a block, one public network.

INSERT INTO db_backend (id, index, clustername, username, port, hash, password_hash, offline,
                        drained, pinst_cnt, updated, mtotal, mfree, dtotal, dfree, ctotal)
SELECT n, n - 1, 'ganeti' || n || '.example.org', 'cyclades', 5080,
       substr(encode(sha256(convert_to('backend ' || n, 'UTF8')), 'hex'), 1, 40),
       'encrypted:' || salt || '$' || encode(  -- programs/manage/passwords.py
           decode(md5(current_setting('practice.encryption_key') || salt), 'hex')
           || decode(md5('password ' || n), 'hex'), 'base64') || chr(10),
       false, n = 2, (ARRAY[8, 0])[n], '2013-09-02 06:00:00+00', (ARRAY[64000, 0])[n],
       (ARRAY[1000, 0])[n], (ARRAY[200000, 0])[n], (ARRAY[1000, 0])[n], (ARRAY[32, 0])[n]
FROM generate_series(1, 2) AS n, substr(md5('salt ' || n), 1, 8) AS salt;

INSERT INTO db_flavor (id, cpu, ram, disk, deleted, disk_template)
SELECT f, (ARRAY[1, 2, 4])[(f - 1) / 9 + 1], (ARRAY[1024, 2048, 4096])[(f - 1) / 3 % 3 + 1],
       (ARRAY[20, 30, 40])[(f - 1) % 3 + 1], false, 'drbd'
FROM generate_series(1, 27) AS f;

INSERT INTO db_bridgepooltable (id, base, size, available_map, reserved_map)
VALUES (1, 'prv', 20, '', '');
INSERT INTO db_macprefixpooltable (id, base, size, available_map, reserved_map)
VALUES (1, 'aa:00:0', 65536, '', '');
INSERT INTO db_ippooltable (id, size, available_map, reserved_map)
SELECT n, 0, '', '' FROM (SELECT 1 AS n UNION ALL SELECT n FROM practice_networks) AS every
ORDER BY n;

INSERT INTO db_quotaholderserial (serial, pending, accepted, rejected)
SELECT 999 + n, n % 5 = 0, n % 5 IN (1, 2, 3), n % 5 = 4
FROM practice_blocks, generate_series(b * 10 + 1, b * 10 + 10) AS n ORDER BY n;

INSERT INTO db_network (id, name, created, updated, state, public, userid, subnet, link,
                        deleted, mac_prefix, action, dhcp, flavor, gateway, pool_id, mode)
VALUES (1, 'public_network', '2013-05-06 09:00:00+00', '2013-05-06 09:00:00+00', 'ACTIVE',
        true, NULL, '198.18.0.0/15', 'br0', false, '', 'CREATE', true, 'CUSTOM',
        '198.18.0.1', 1, 'bridged');
INSERT INTO db_network (id, name, created, updated, state, public, userid, subnet, link,
                        deleted, mac_prefix, action, dhcp, flavor, pool_id, mode)
SELECT n, 'net' || i, created, created, 'ACTIVE', false, uuid, '10.0.' || n % 250 || '.0/24',
       'prv0', false, 'aa:00:1' || i - 1, 'CREATE', i % 2 = 0, 'MAC_FILTERED', n, 'bridged'
FROM practice_networks ORDER BY n;

INSERT INTO db_backendnetwork (id, network_id, backend_id, created, updated, deleted,
                               mac_prefix, operstate, backendtime)
SELECT id, id, 1, created, updated, false,
       CASE WHEN public THEN 'aa:00:00' ELSE mac_prefix END, 'ACTIVE',
       timestamptz '0001-01-01 00:00:00+00'
FROM db_network ORDER BY id;

INSERT INTO db_virtualmachine (id, name, created, updated, hostid, flavor_id, deleted,
                               suspended, operstate, buildpercentage, imageid, userid,
                               backendtime, backend_hash, backend_id)
SELECT n, 'My server ' || n - 1, m.created, m.created + interval '5 minutes', '', flavor,
       m.deleted, false, CASE WHEN m.deleted THEN 'DESTROYED' WHEN n % 4 = 0 THEN 'STOPPED'
       ELSE 'STARTED' END, 100, 'img-' || n % 3, uuid, m.created, b.hash, 1
FROM practice_machines m, db_backend b WHERE b.id = 1 ORDER BY n;

INSERT INTO db_virtualmachinemetadata (id, meta_key, meta_value, vm_id)
SELECT n, 'OS', 'debian', n FROM practice_machines ORDER BY n;

INSERT INTO db_virtualmachinediagnostic (id, created, machine_id, level, source, source_date,
                                         message)
SELECT n, created, n, 'INFO', 'image-info', created, 'image copied'
FROM practice_machines ORDER BY n;

INSERT INTO db_networkinterface (id, machine_id, network_id, created, updated, index, mac,
                                 ipv4, firewall_profile, dirty)
SELECT row_number() OVER (ORDER BY n, nic), n, network, created, created, nic,
       'aa:00:' || 10 * nic || (ARRAY['0', ''])[nic + 1]
           || regexp_replace(to_char(n, 'FM000000'), '(..)(..)(..)', ':\1:\2:\3'),
       CASE nic WHEN 0 THEN '198.18.' || n / 250 || '.' || n % 250 + 2
       ELSE '10.0.' || network % 250 || '.' || n % 250 + 2 END,
       CASE nic WHEN 0 THEN 'DISABLED' END, n % 11 = 6 AND nic = 0
FROM (
    SELECT n, 0 AS nic, 1 AS network, created FROM practice_machines WHERE NOT deleted
    UNION ALL
    SELECT m.n, 1, w.n, m.created FROM practice_machines m
    JOIN practice_networks w ON w.uuid = m.uuid WHERE NOT m.deleted
) AS nics;

INSERT INTO userdata_publickeypair (id, "user", name, content, fingerprint)
SELECT row_number() OVER (ORDER BY n), uuid, 'key' || k - 1, 'ssh-rsa AAAAB3Nz' || n || ' x',
       'unknown fingerprint'
FROM practice_users WHERE k <= 5;
