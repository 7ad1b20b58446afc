-- One operator on one page: the verdict with what speaks for and against it, the figures, the last word.
-- param   cluster           VARCHAR      The cluster_uid.
-- column  cluster_uid       VARCHAR      Identity that lasts over runs.
-- column  revision          BIGINT       Grows by one at each material change.
-- column  verdict           VARCHAR      What the pooled traffic says.
-- column  confidence        DOUBLE       Of the verdict, 0 to 1.
-- column  reasons           VARCHAR[]    What speaks for the verdict.
-- column  counter_evidence  VARCHAR[]    What speaks against it.
-- column  fragility         VARCHAR[]    What remains when one family of evidence is left out.
-- column  accounts          BIGINT       How many members.
-- column  banned            BIGINT       How many of them are banned now.
-- column  paying            BIGINT       How many of them ever paid.
-- column  bridges           BIGINT       Members without whom the cluster falls apart.
-- column  first_seen        TIMESTAMPTZ  First event of a member.
-- column  last_seen         TIMESTAMPTZ  Last event of a member.
-- column  requests          BIGINT       API requests.
-- column  input_tokens      BIGINT       Tokens read.
-- column  output_tokens     BIGINT       Tokens written.
-- column  disposition       VARCHAR      The investigators' last word.
SELECT
    c.cluster_uid,
    c.revision,
    c.verdict,
    c.confidence,
    c.reasons,
    c.counter_evidence,
    c.fragility,
    c.accounts,
    o.banned,
    coalesce(m.paying, 0) AS paying,
    coalesce(m.bridges, 0) AS bridges,
    c.first_seen,
    c.last_seen,
    c.requests,
    c.input_tokens,
    c.output_tokens,
    o.disposition
FROM clusters AS c
JOIN cluster_overview AS o ON o.cluster_uid = c.cluster_uid
LEFT JOIN (
    SELECT
        cm.cluster_uid,
        count(*) FILTER (a.payments_succeeded > 0) AS paying,
        count(*) FILTER (cm.is_bridge) AS bridges
    FROM cluster_members AS cm
    LEFT JOIN accounts AS a ON a.account_id = cm.account_id
    GROUP BY cm.cluster_uid
) AS m ON m.cluster_uid = c.cluster_uid
WHERE c.cluster_uid = $cluster
