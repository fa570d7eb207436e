-- data
UPDATE im_astakosuser a
SET moderated = true, moderated_at = auth_token_created, verified_at = auth_token_created,
    accepted_policy = 'migration', accepted_email = u.email
FROM auth_user u WHERE u.id = a.user_ptr_id AND u.is_active AND a.email_verified;
UPDATE im_astakosuser a SET verification_code = md5('verification ' || a.uuid)::uuid::text
FROM auth_user u WHERE u.id = a.user_ptr_id AND NOT u.is_active AND NOT a.email_verified;
UPDATE im_astakosuser a
SET verified_at = activation_sent, moderated = true, moderated_at = activation_sent,
    deactivated_at = a.updated, deactivated_reason = 'migration'
FROM auth_user u
WHERE u.id = a.user_ptr_id AND NOT u.is_active AND a.email_verified
      AND activation_sent IS NOT NULL;
DO $$
DECLARE odd record;
BEGIN
    FOR odd IN
        SELECT u.id, u.username FROM im_astakosuser a JOIN auth_user u ON u.id = a.user_ptr_id
        WHERE (u.is_active AND NOT a.email_verified)
              OR (NOT u.is_active AND a.email_verified AND a.activation_sent IS NULL)
        ORDER BY u.id
    LOOP
        RAISE NOTICE 'ERROR: %:% is not migrated', odd.id, odd.username;
    END LOOP;
END
$$;
