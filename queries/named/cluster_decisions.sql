-- What investigators decided about an operator, when and why, the last word first.
-- param   cluster      VARCHAR      The cluster_uid.
-- column  decided_at   TIMESTAMPTZ  When.
-- column  disposition  VARCHAR      Verdict word of OCSF.
-- column  decided_by   VARCHAR      Who.
-- column  reason       VARCHAR      Why.
SELECT
    d.decided_at,
    d.disposition,
    d.decided_by,
    d.reason
FROM decisions AS d
WHERE d.cluster_uid = $cluster
ORDER BY d.decided_at DESC, d.disposition
