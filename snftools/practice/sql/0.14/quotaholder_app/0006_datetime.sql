-- data
UPDATE quotaholder_app_commission SET issue_datetime = to_timestamp(left(issue_time, 19), 'YYYY-MM-DD"T"HH24:MI:SS') WHERE issue_time ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d';
