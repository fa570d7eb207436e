-- data
UPDATE im_service SET name = 'pithos' WHERE name = 'pithos+';
UPDATE im_resource r SET name = s.name || '.' || r.name FROM im_service s WHERE s.id = r.service_id;
