-- What became of an operator in the current run: born, grown, merged, split, retired, also as the other side.
-- param   cluster      VARCHAR  = NULL  The cluster_uid; all operators when left out.
-- column  cluster_uid  VARCHAR  The cluster.
-- column  event        VARCHAR  born, grew, shrank, merged_into, split_from or retired.
-- column  other_uid    VARCHAR  The other cluster of a merge or split.
SELECT
    l.cluster_uid,
    l.event,
    l.other_uid
FROM cluster_lineage AS l
WHERE $cluster IS NULL OR l.cluster_uid = $cluster OR l.other_uid = $cluster
ORDER BY l.cluster_uid, l.event, l.other_uid
