-- Five minutes in which a key saw far more sign-ups than its own past explains, the most surprising first.
-- param   min_surprise  DOUBLE      = 7     Least surprise shown, in nats (7: one chance in a thousand).
-- param   since         TIMESTAMPTZ = NULL  Only windows that start at or after this instant.
-- column  window_start  TIMESTAMPTZ         Start of the five minutes.
-- column  kind          VARCHAR             Kind of key: prefix, domain, ja4, device, program.
-- column  key           VARCHAR             Value of the key.
-- column  signups       BIGINT              Sign-ups counted.
-- column  expected      DOUBLE              Sign-ups expected from the key's own past.
-- column  surprise      DOUBLE              −ln of the probability of at least as many by chance.
SELECT
    b.window_start,
    b.kind,
    b.key,
    b.signups,
    b.expected,
    b.surprise
FROM signup_bursts AS b
WHERE b.surprise >= $min_surprise AND ($since IS NULL OR b.window_start >= $since)
ORDER BY b.surprise DESC, b.window_start, b.kind, b.key
