-- data
INSERT INTO im_component (name, url, auth_token, auth_token_created, auth_token_expires)
SELECT name, url, auth_token, auth_token_created, auth_token_expires FROM im_service ORDER BY id;
UPDATE im_resource r SET service_type = coalesce(s.type, '') FROM im_service s WHERE s.id = r.service_id;
