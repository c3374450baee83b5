# What a results file and its CSV files say is the same to the last bit, read by
# the sqlite3 command: every value of metrics.csv, imported as text and made a
# number there, is the value that the file holds; empty is NULL.
set -e
command -v sqlite3 >/dev/null || { echo "SKIPPED results in sqlite3: it is not installed"; exit 0; }
rollsim=${BUILD:-build}/rollsim
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
"$rollsim" run tests/app/data/small.yaml -q -n 5 -o "$out/a.db" --csv "$out" >/dev/null
count() {                       # rows of the query $1
    sqlite3 "$out/a.db" '.mode csv' ".import $out/metrics.csv csv" \
        "SELECT count(*) FROM ($1)"
    sqlite3 "$out/a.db" 'DROP TABLE csv'
}
n=$(count 'SELECT * FROM csv')
[ "$n" -gt 300 ] || { echo "only $n rows"; exit 1; }
[ "$(count 'SELECT * FROM metrics_long')" = "$n" ] || { echo "another number of rows"; exit 1; }
same=$(count 'SELECT * FROM csv c JOIN metrics_long m ON m.scenario = c.scenario
    AND m.strategy = c.strategy AND m.rep = CAST(c.replication AS INTEGER)
    AND m.metric = c.metric AND m.unit = c.unit
    AND m.value IS CASE c.value WHEN "" THEN NULL ELSE CAST(c.value AS REAL) END')
[ "$same" = "$n" ] || { echo "$same of $n values are the same"; exit 1; }
[ "$(sqlite3 "$out/a.db" 'PRAGMA integrity_check; PRAGMA foreign_key_check')" = ok ]
