-- Who is on the practice site, the same in every database: temporary views that the other
-- files of this directory read. One block is 40 users and 25 virtual machines; `scale` blocks.
-- All values follow from the row's number, so that two sites of one scale are equal.

CREATE TEMPORARY VIEW practice_blocks AS
SELECT b FROM generate_series(0, current_setting('practice.scale')::integer - 1) AS b;

CREATE TEMPORARY VIEW practice_users AS
SELECT b * 40 + k AS n, b, k,
       md5('practice user ' || (b * 40 + k))::uuid::text AS uuid,
       'user' || to_char(b * 40 + k, 'FM000000') || '@example.org' AS email,
       (ARRAY['Alice', 'Bob', 'Carl', 'Dora', 'Frank', 'Grace,X', 'Heidi', 'Ivan', 'Judy',
              'Mallory', 'Niaj', 'O''Neil', 'Olivia', 'Peggy', 'Rupert', 'Sybil', 'Trent',
              'Victor', 'Zoë', 'Ελένη'])[k % 20 + 1] AS first_name,
       k NOT IN (9, 18, 27, 36) AS active,
       encode(decode(md5('practice token ' || (b * 40 + k)), 'hex'), 'base64') AS token,
       timestamptz '2013-03-04 08:00:00+00' + (b * 40 + k) * interval '17 minutes' AS joined
FROM practice_blocks, generate_series(1, 40) AS k;

CREATE TEMPORARY VIEW practice_machines AS
SELECT b * 25 + j AS n, j, u.uuid, j % 10 = 0 AS deleted, j AS flavor,
       (ARRAY[1, 2, 4])[(j - 1) / 9 + 1] AS cpu,
       (ARRAY[1024, 2048, 4096])[(j - 1) / 3 % 3 + 1] AS ram,
       (ARRAY[20, 30, 40])[(j - 1) % 3 + 1] AS disk,
       timestamptz '2013-06-03 10:00:00+00' + (b * 25 + j) * interval '11 minutes' AS created
FROM practice_users u
JOIN generate_series(1, 25) AS j
     ON u.k = (ARRAY[1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12])[(j - 1) % 11 + 1];

CREATE TEMPORARY VIEW practice_networks AS
SELECT b * 6 + i + 1 AS n, i, u.uuid,
       timestamptz '2013-05-06 10:00:00+00' + (b * 6 + i) * interval '23 minutes' AS created
FROM practice_users u
JOIN generate_series(1, 6) AS i ON u.k = (ARRAY[1, 4, 7, 11, 13, 16])[i];
