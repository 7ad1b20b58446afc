-- Whom an action on a key would hit: holders by verdict, those in no cluster last, with what they do and pay.
-- param   value         VARCHAR         The key: a token, or the value where that is kept in clear.
-- param   kind          VARCHAR = NULL  Kind of key; any when left out.
-- column  kind          VARCHAR         Kind of key.
-- column  verdict       VARCHAR         Verdict of the holders' clusters; null for holders in none.
-- column  is_accused    BOOLEAN         Whether that verdict is distillation or trial_abuse.
-- column  accounts      BIGINT          How many holders.
-- column  already_down  BIGINT          How many of them are banned or suspended.
-- column  paying        BIGINT          How many of them ever paid.
-- column  verified      BIGINT          How many of them the provider verified.
-- column  requests      BIGINT          Their API requests, with or without the key.
SELECT
    k.kind,
    c.verdict,
    coalesce(c.verdict IN ('distillation', 'trial_abuse'), false) AS is_accused,
    count(*) AS accounts,
    count(*) FILTER (a.standing <> 'active') AS already_down,
    count(*) FILTER (a.payments_succeeded > 0) AS paying,
    count(*) FILTER (a.is_verified) AS verified,
    coalesce(sum(a.requests), 0)::BIGINT AS requests
FROM account_keys AS k
LEFT JOIN accounts AS a ON a.account_id = k.account_id
LEFT JOIN cluster_members AS m ON m.account_id = k.account_id
LEFT JOIN clusters AS c ON c.cluster_uid = m.cluster_uid
WHERE k.key = $value AND ($kind IS NULL OR k.kind = $kind)
GROUP BY k.kind, c.verdict
ORDER BY k.kind, is_accused DESC, c.verdict NULLS LAST
