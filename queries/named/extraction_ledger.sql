-- What an operator took, by day, task and model.
-- param   cluster        VARCHAR      The cluster_uid.
-- param   since          DATE = NULL  First day shown.
-- column  day            DATE         The day (UTC).
-- column  task           VARCHAR      The provider's classification; empty where none was given.
-- column  model          VARCHAR      Model asked for.
-- column  requests       BIGINT       Distinct requests.
-- column  input_tokens   BIGINT       Tokens read.
-- column  output_tokens  BIGINT       Tokens written.
-- column  refusals       BIGINT       Requests that the model refused.
SELECT
    e.day,
    e.task,
    e.model,
    e.requests,
    e.input_tokens,
    e.output_tokens,
    e.refusals
FROM extraction_ledger AS e
WHERE e.cluster_uid = $cluster AND ($since IS NULL OR e.day >= $since)
ORDER BY e.day, e.output_tokens DESC, e.task, e.model
