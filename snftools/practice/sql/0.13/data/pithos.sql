-- Pithos at 0.13: an account for each of the first 20 active users of a block, with three
-- containers, five objects, a public link and a file shared with another user.

INSERT INTO alembic_version (version_num) VALUES ('27381099d477');

CREATE TEMPORARY VIEW practice_accounts AS
SELECT uuid, 9 * (row_number() OVER (ORDER BY n) - 1) AS base,
       row_number() OVER (ORDER BY n) AS account,
       1370000000 + 97 * n AS since,
       coalesce(lead(uuid) OVER (ORDER BY n), first_value(uuid) OVER (ORDER BY n)) AS friend
FROM practice_users WHERE active AND k <= 22;

CREATE TEMPORARY TABLE practice_nodes AS
SELECT base + i AS node, i, account, uuid, friend, size, type, since,
       CASE WHEN i = 1 THEN 0 WHEN i <= 4 THEN base + 1 WHEN i <= 8 THEN base + 2
       ELSE base + 4 END AS parent,
       uuid || tail AS path,
       CASE WHEN size > 0 THEN encode(sha256(convert_to(uuid || tail, 'UTF8')), 'hex') END
           AS hash
FROM practice_accounts
CROSS JOIN (VALUES
    (1, '', 0, ''), (2, '/pithos', 0, ''), (3, '/trash', 0, ''), (4, '/images', 0, ''),
    (5, '/pithos/dir/file0.txt', 48, 'text/plain'),
    (6, '/pithos/dir/file1.txt', 96, 'text/plain'),
    (7, '/pithos/dir/file2.txt', 144, 'text/plain'),
    (8, '/pithos/dir/file3.txt', 192, 'text/plain'),
    (9, '/images/deb.diskdump', 5000, 'application/octet-stream')) AS tree (i, tail, size, type);

INSERT INTO nodes (node, parent, latest_version, path) VALUES (0, 0, NULL, '');
INSERT INTO nodes (node, parent, latest_version, path)
SELECT node, parent, node, path FROM practice_nodes ORDER BY node;

INSERT INTO policy (node, key, value)
SELECT node, key, value
FROM practice_nodes, (VALUES ('quota', '0'), ('versioning', 'auto')) AS rule (key, value)
WHERE i <= 4 ORDER BY node, key;

INSERT INTO versions (serial, node, hash, size, type, source, mtime, muser, uuid, checksum,
                      cluster)
SELECT node, node, hash, size, type, NULL, since + i * 0.015625, uuid,
       md5('version ' || node)::uuid::text, CASE type WHEN 'text/plain' THEN md5(path)
       ELSE '' END, 0
FROM practice_nodes ORDER BY node;

INSERT INTO attributes (serial, domain, key, value)
SELECT node, 'pithos', 'X-Meta-A', 'v' || i - 5 FROM practice_nodes WHERE i BETWEEN 5 AND 8
UNION ALL SELECT node, 'plankton', 'plankton:status', 'available' FROM practice_nodes
    WHERE i = 9
UNION ALL SELECT node, 'plankton', 'plankton:name', 'Debian' FROM practice_nodes WHERE i = 9
ORDER BY 1, 2, 3;

INSERT INTO public (public_id, path, active, url)
SELECT account, path, true, substr(hash, 1, 25) FROM practice_nodes WHERE i = 6
ORDER BY account;

INSERT INTO xfeatures (feature_id, path)
SELECT account, path FROM practice_nodes WHERE i = 7 ORDER BY account;
INSERT INTO xfeaturevals (feature_id, key, value)
SELECT account, 0, friend FROM practice_nodes WHERE i = 7 ORDER BY account;

INSERT INTO statistics (node, population, size, mtime, cluster)
SELECT 0, count(*) / 9, sum(size), max(since) + 1, 0 FROM practice_nodes
UNION ALL
SELECT node, CASE i WHEN 1 THEN 3 WHEN 2 THEN 4 ELSE 1 END,
       CASE i WHEN 1 THEN 5480 WHEN 2 THEN 480 ELSE 5000 END, since + 1, 0
FROM practice_nodes WHERE i IN (1, 2, 4)
ORDER BY 1;
