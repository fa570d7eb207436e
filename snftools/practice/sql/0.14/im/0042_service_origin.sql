-- data
UPDATE im_resource SET service_origin = CASE service_type
    WHEN 'compute' THEN 'cyclades_compute'
    WHEN 'object-store' THEN 'pithos_object-store'
    WHEN 'identity' THEN 'astakos_account'
    ELSE service_origin END;
