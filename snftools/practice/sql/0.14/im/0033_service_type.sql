-- data
UPDATE im_service SET type = CASE name WHEN 'cyclades' THEN 'compute' WHEN 'pithos' THEN 'object-store' WHEN 'astakos' THEN 'identity' END
WHERE name IN ('cyclades', 'pithos', 'astakos');
