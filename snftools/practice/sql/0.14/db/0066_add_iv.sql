-- data
UPDATE db_backend
SET password_hash = regexp_replace(password_hash, '^encrypted:', 'encrypted:'
    || encode(decode(md5('initial vector ' || id), 'hex'), 'base64') || chr(10) || ':')
WHERE password_hash LIKE 'encrypted:%';
