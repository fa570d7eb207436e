-- data
UPDATE db_quotaholderserial SET accept = accepted, resolved = accepted OR rejected;
