-- Where an operator comes from: its networks and countries, with the share of its traffic.
-- param   cluster        VARCHAR         The cluster_uid.
-- column  ip_country     VARCHAR         Country of the addresses; null without a database named in the settings.
-- column  asn            BIGINT          Autonomous system; null without a database named in the settings.
-- column  network_class  VARCHAR         What it is for (hosting, residential, …) by LAKE/networks.csv; null where unknown.
-- column  ip_prefix      VARCHAR         The /24 (IPv4) or /48 (IPv6).
-- column  accounts       BIGINT          Members seen there.
-- column  addresses      BIGINT          Different addresses there.
-- column  events         BIGINT          Sign-ups and requests from there.
-- column  share          DOUBLE          Share of the operator's sign-ups and requests.
-- column  first_seen     TIMESTAMPTZ     First event from there.
-- column  last_seen      TIMESTAMPTZ     Last event from there.
WITH addressed AS (
    SELECT account_id, event_time, ip_key, ip_prefix, asn, ip_country FROM signup
    UNION ALL
    SELECT account_id, event_time, ip_key, ip_prefix, asn, ip_country FROM usage
)
SELECT
    v.ip_country,
    v.asn,
    n.network_class,
    v.ip_prefix,
    count(DISTINCT v.account_id) AS accounts,
    count(DISTINCT v.ip_key) AS addresses,
    count(*) AS events,
    count(*) / sum(count(*)) OVER () AS share,
    min(v.event_time) AS first_seen,
    max(v.event_time) AS last_seen
FROM addressed AS v
LEFT JOIN networks AS n ON n.asn = v.asn
WHERE v.account_id IN (SELECT m.account_id FROM cluster_members AS m WHERE m.cluster_uid = $cluster)
GROUP BY v.ip_country, v.asn, n.network_class, v.ip_prefix
ORDER BY events DESC, v.ip_prefix, v.asn, v.ip_country
