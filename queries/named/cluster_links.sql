-- Every reason for every link between two members of an operator, with the evidence addresses; the strongest link first.
-- param   cluster             VARCHAR  The cluster_uid.
-- column  account_l           VARCHAR  The lesser account id.
-- column  account_r           VARCHAR  The greater account id.
-- column  link_nats           DOUBLE   Weight of the whole link.
-- column  expected_by_chance  DOUBLE   Pairs of strangers expected in the population with this weight or more.
-- column  signal              VARCHAR  Signal that speaks.
-- column  nats                DOUBLE   What it adds to the link.
-- column  explanation         VARCHAR  The reason as a sentence.
-- column  key                 VARCHAR  Value that both share.
-- column  event_l             VARCHAR  event_id that shows it on the left account.
-- column  address_l           VARCHAR  Where that event was read: topic/partition@offset.
-- column  event_r             VARCHAR  event_id that shows it on the right account.
-- column  address_r           VARCHAR  Where that event was read.
WITH member AS (
    SELECT m.account_id FROM cluster_members AS m WHERE m.cluster_uid = $cluster
),
seen AS (
    SELECT v.account_id, v.event_id, v.address
    FROM event_addresses AS v
    WHERE v.account_id IN (SELECT account_id FROM member)
)
SELECT
    l.account_l,
    l.account_r,
    l.weight / 1e6 AS link_nats,
    l.expected_by_chance,
    e.signal,
    e.weight / 1e6 AS nats,
    e.explanation,
    e.key,
    e.event_l,
    sl.address AS address_l,
    e.event_r,
    sr.address AS address_r
FROM links AS l
JOIN link_evidence AS e ON e.account_l = l.account_l AND e.account_r = l.account_r
LEFT JOIN seen AS sl ON sl.account_id = e.account_l AND sl.event_id = e.event_l
LEFT JOIN seen AS sr ON sr.account_id = e.account_r AND sr.event_id = e.event_r
WHERE l.account_l IN (SELECT account_id FROM member) AND l.account_r IN (SELECT account_id FROM member)
ORDER BY l.weight DESC, l.account_l, l.account_r, e.weight DESC, e.signal, e.key
