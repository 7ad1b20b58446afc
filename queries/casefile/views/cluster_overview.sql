-- Operators with the investigators' last word and what the provider has done so far.
-- column  cluster_uid    VARCHAR      Identity that lasts over runs.
-- column  revision       BIGINT       Grows by one at each material change.
-- column  verdict        VARCHAR      What the pooled traffic says.
-- column  is_accused     BOOLEAN      Whether the verdict is distillation or trial_abuse.
-- column  confidence     DOUBLE       Of the verdict, 0 to 1.
-- column  accounts       BIGINT       How many members.
-- column  banned         BIGINT       How many of them are banned now.
-- column  requests       BIGINT       API requests of all members.
-- column  output_tokens  BIGINT       Tokens written.
-- column  first_seen     TIMESTAMPTZ  First event of a member.
-- column  last_seen      TIMESTAMPTZ  Last event of a member.
-- column  disposition    VARCHAR      The investigators' last word; null when nobody has decided.
-- column  decided_at     TIMESTAMPTZ  When that was said.
SELECT
    c.cluster_uid,
    c.revision,
    c.verdict,
    c.verdict IN ('distillation', 'trial_abuse') AS is_accused,
    c.confidence,
    c.accounts,
    coalesce(standing.banned, 0) AS banned,
    c.requests,
    c.output_tokens,
    c.first_seen,
    c.last_seen,
    decided.disposition,
    decided.decided_at
FROM clusters AS c
LEFT JOIN (
    SELECT cluster_uid, count(*) FILTER (standing = 'banned') AS banned
    FROM accounts
    GROUP BY cluster_uid
) AS standing USING (cluster_uid)
LEFT JOIN (
    SELECT cluster_uid, arg_max(disposition, decided_at) AS disposition, max(decided_at) AS decided_at
    FROM decisions
    GROUP BY cluster_uid
) AS decided USING (cluster_uid)
