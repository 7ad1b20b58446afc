-- Why two accounts are tied: the ranked reasons of their link or, where they have none, of the strongest chain between
-- them (the one whose weakest link is heaviest).
-- param   a             VARCHAR       One account.
-- param   b             VARCHAR       The other account.
-- param   max_hops      INTEGER  = 8  Longest chain looked for.
-- column  step          INTEGER       Link of the chain: 1 alone where the two are linked directly.
-- column  from_account  VARCHAR       Account that the step starts at.
-- column  to_account    VARCHAR       Account that the step leads to.
-- column  link_nats     DOUBLE        Weight of the whole link.
-- column  signal        VARCHAR       Signal that speaks.
-- column  nats          DOUBLE        What it adds to the link.
-- column  holders       BIGINT        How many accounts have the key: its rarity.
-- column  explanation   VARCHAR       The reason as a sentence.
-- column  from_address  VARCHAR       Evidence: where the event on from_account was read.
-- column  to_address    VARCHAR       Evidence: where the event on to_account was read.
WITH RECURSIVE edge AS (
    SELECT l.account_l AS tail, l.account_r AS head, l.weight FROM links AS l
    UNION ALL
    SELECT l.account_r, l.account_l, l.weight FROM links AS l
),
direct AS (
    SELECT 1 FROM edge AS e WHERE e.tail = $a AND e.head = $b
),
reached(account, weakest, hops, previous) USING KEY (account) AS (
    SELECT $a::VARCHAR, 9223372036854775807, 0, NULL::VARCHAR
    UNION
    SELECT
        e.head,
        max(least(r.weakest, e.weight)),
        max(r.hops) + 1,
        arg_max(r.account, (least(r.weakest, e.weight), r.account))
    FROM reached AS r
    JOIN edge AS e ON e.tail = r.account
    LEFT JOIN recurring.reached AS known ON known.account = e.head
    WHERE
        r.hops < $max_hops
        AND least(r.weakest, e.weight) > coalesce(known.weakest, -1)
        AND NOT EXISTS (FROM direct)
    GROUP BY e.head
),
walked AS (
    SELECT r.account AS to_account, r.previous AS from_account, 0 AS back
    FROM reached AS r
    WHERE r.account = $b AND r.previous IS NOT NULL
    UNION ALL
    SELECT r.account, r.previous, w.back + 1
    FROM walked AS w
    JOIN reached AS r ON r.account = w.from_account
    WHERE r.previous IS NOT NULL
),
chain AS (
    SELECT $a AS from_account, $b AS to_account, 1 AS step FROM direct
    UNION ALL
    SELECT w.from_account, w.to_account, max(w.back) OVER () - w.back + 1 FROM walked AS w
),
reason AS (
    SELECT
        c.step,
        c.from_account,
        c.to_account,
        l.weight AS link_weight,
        e.signal,
        e.key,
        e.weight,
        e.explanation,
        CASE WHEN e.account_l = c.from_account THEN e.event_l ELSE e.event_r END AS from_event,
        CASE WHEN e.account_l = c.from_account THEN e.event_r ELSE e.event_l END AS to_event
    FROM chain AS c
    JOIN links AS l
        ON l.account_l = least(c.from_account, c.to_account) AND l.account_r = greatest(c.from_account, c.to_account)
    JOIN link_evidence AS e ON e.account_l = l.account_l AND e.account_r = l.account_r
),
seen AS (
    SELECT v.account_id, v.event_id, v.address
    FROM event_addresses AS v
    WHERE v.account_id IN (SELECT c.from_account FROM chain AS c UNION SELECT c.to_account FROM chain AS c)
),
holding AS (
    SELECT k.key, max(k.accounts) AS holders
    FROM account_keys AS k
    WHERE k.key IN (SELECT r.key FROM reason AS r)
    GROUP BY k.key
)
SELECT
    r.step,
    r.from_account,
    r.to_account,
    r.link_weight / 1e6 AS link_nats,
    r.signal,
    r.weight / 1e6 AS nats,
    h.holders,
    r.explanation,
    f.address AS from_address,
    t.address AS to_address
FROM reason AS r
LEFT JOIN holding AS h ON h.key = r.key
LEFT JOIN seen AS f ON f.event_id = r.from_event AND f.account_id = r.from_account
LEFT JOIN seen AS t ON t.event_id = r.to_event AND t.account_id = r.to_account
ORDER BY r.step, r.weight DESC, r.signal, r.key
