-- Records that broke the contract, by topic and rule: what a producer should mend first.
-- param   topic            VARCHAR = NULL  Only this topic.
-- column  topic            VARCHAR         Name of the topic.
-- column  reason           VARCHAR         Which rule was broken.
-- column  path             VARCHAR         JSON path of the field, `$` for the whole record.
-- column  records          BIGINT          How many.
-- column  bytes            BIGINT          Their size together.
-- column  first_landed_at  TIMESTAMPTZ     When the first was met (our clock).
-- column  last_landed_at   TIMESTAMPTZ     When the last was met (our clock).
SELECT
    r.topic,
    r.reason,
    r.path,
    r.records,
    r.bytes,
    r.first_landed_at,
    r.last_landed_at
FROM rejected_counts AS r
WHERE $topic IS NULL OR r.topic = $topic
ORDER BY r.records DESC, r.topic, r.reason, r.path
