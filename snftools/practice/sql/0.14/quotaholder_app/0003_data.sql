-- data
DELETE FROM quotaholder_app_holding WHERE entity_id IN ('system', 'cyclades', 'pithos+');
UPDATE quotaholder_app_holding h
SET holder = h.entity_id, source = 'system', "limit" = p.capacity,
    usage_min = h.imported - h.exporting + h.returned - h.releasing,
    usage_max = h.importing - h.exported + h."returning" - h.released,
    resource = CASE h.resource WHEN 'pithos+.diskspace' THEN 'pithos.diskspace' ELSE h.resource END
FROM quotaholder_app_policy p WHERE p.policy = h.policy_id;
UPDATE quotaholder_app_provision
SET holder = entity_id, source = 'system',
    resource = CASE resource WHEN 'pithos+.diskspace' THEN 'pithos.diskspace' ELSE resource END;
UPDATE quotaholder_app_provisionlog
SET holder = target, source = 'system', "limit" = target_capacity,
    usage_min = target_imported - target_exported + target_returned - target_released,
    usage_max = target_imported - target_exported + target_returned - target_released,
    resource = CASE resource WHEN 'pithos+.diskspace' THEN 'pithos.diskspace' ELSE resource END;
UPDATE quotaholder_app_commission SET name = '' WHERE name IS NULL;
SET CONSTRAINTS ALL IMMEDIATE;
