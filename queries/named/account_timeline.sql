-- Everything that one account did, in order, each event with its evidence address.
-- param   account     VARCHAR             The account.
-- param   since       TIMESTAMPTZ = NULL  Only events at or after this instant.
-- param   until       TIMESTAMPTZ = NULL  Only events before this instant.
-- param   most        INTEGER     = 1000  Most events shown, the newest ones.
-- reach   account                         Other accounts' segments are not opened.
-- column  event_time  TIMESTAMPTZ         When it happened.
-- column  event       VARCHAR             signup, payment, usage or action.
-- column  what        VARCHAR             The event in a few words.
-- column  event_id    VARCHAR             The event.
-- column  address     VARCHAR             Where it was read: topic/partition@offset.
SELECT
    newest.event_time,
    newest.event,
    newest.what,
    newest.event_id,
    newest.address
FROM (
    SELECT *
    FROM all_events AS e
    WHERE
        e.account_id = $account
        AND ($since IS NULL OR e.event_time >= $since)
        AND ($until IS NULL OR e.event_time < $until)
    ORDER BY e.event_time DESC, e.event_id DESC
    LIMIT $most
) AS newest
ORDER BY newest.event_time, newest.event_id
