-- Operators of the current run, the most urgent first: accused, resellers, then the rest; each by what was taken.
-- param   verdict        VARCHAR      = NULL  Only this verdict; all when left out.
-- param   min_accounts   INTEGER      = 2     Fewest accounts worth showing.
-- column  cluster_uid    VARCHAR              Identity that lasts over runs.
-- column  verdict        VARCHAR              What the pooled traffic says.
-- column  confidence     DOUBLE               Share of members who show by themselves what it rests on.
-- column  accounts       BIGINT               How many members.
-- column  banned         BIGINT               How many of them are banned now.
-- column  requests       BIGINT               API requests of all members.
-- column  output_tokens  BIGINT               Tokens written.
-- column  last_seen      TIMESTAMPTZ          Last event of a member.
-- column  disposition    VARCHAR              The investigators' last word.
-- column  first_reason   VARCHAR              The strongest reason for the verdict.
SELECT
    o.cluster_uid,
    o.verdict,
    o.confidence,
    o.accounts,
    o.banned,
    o.requests,
    o.output_tokens,
    o.last_seen,
    o.disposition,
    c.reasons[1] AS first_reason
FROM cluster_overview AS o
JOIN clusters AS c USING (cluster_uid)
WHERE ($verdict IS NULL OR o.verdict = $verdict) AND o.accounts >= $min_accounts
ORDER BY o.is_accused DESC, o.verdict = 'resale' DESC, o.output_tokens DESC, o.cluster_uid
