-- data
DO $$
DECLARE twice record;
BEGIN
    FOR twice IN
        SELECT auth_token FROM im_component WHERE auth_token IS NOT NULL
        GROUP BY auth_token HAVING count(*) > 1
    LOOP
        RAISE NOTICE 'Found duplicate component auth tokens. Clearing.';
        UPDATE im_component SET auth_token = NULL WHERE auth_token = twice.auth_token;
    END LOOP;
    FOR twice IN
        SELECT auth_token FROM im_astakosuser WHERE auth_token IS NOT NULL
        GROUP BY auth_token HAVING count(*) > 1
    LOOP
        RAISE NOTICE 'Found duplicate user auth tokens. Clearing.';
        UPDATE im_astakosuser SET auth_token = NULL WHERE auth_token = twice.auth_token;
    END LOOP;
END
$$;
