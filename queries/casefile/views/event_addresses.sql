-- Evidence address of every event of clustered and linked accounts.
-- column  account_id  VARCHAR  The account.
-- column  event_id    VARCHAR  Unique per event.
-- column  address     VARCHAR  Where it was read: topic/partition@offset.
SELECT e.account_id, e.event_id, e._topic || '/' || e._partition || '@' || e._offset AS address
FROM (
    SELECT account_id, event_id, _topic, _partition, _offset FROM signup
    UNION ALL
    SELECT account_id, event_id, _topic, _partition, _offset FROM payment
    UNION ALL
    SELECT account_id, event_id, _topic, _partition, _offset FROM usage
    UNION ALL
    SELECT account_id, event_id, _topic, _partition, _offset FROM action
) AS e
