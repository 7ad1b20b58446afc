-- Everything that the members of an operator did, in order, each event with its evidence address.
-- param   cluster     VARCHAR      The cluster_uid.
-- column  event_time  TIMESTAMPTZ  When it happened.
-- column  account_id  VARCHAR      The account.
-- column  event       VARCHAR      signup, payment, usage or action.
-- column  what        VARCHAR      The event in a few words.
-- column  event_id    VARCHAR      The event.
-- column  address     VARCHAR      Where it was read: topic/partition@offset.
SELECT
    e.event_time,
    e.account_id,
    e.event,
    e.what,
    e.event_id,
    e.address
FROM all_events AS e
WHERE e.account_id IN (SELECT m.account_id FROM cluster_members AS m WHERE m.cluster_uid = $cluster)
ORDER BY e.event_time, e.address
