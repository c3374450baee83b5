# A results file and its CSV files loaded into pandas are the same table, to the
# last bit; undefined is NaN.
set -e
python=
for p in /usr/bin/python3 python3; do
    "$p" -c 'import pandas' 2>/dev/null && python=$p
done
[ "$python" ] || { echo "SKIPPED results in pandas: python3-pandas is not installed"; exit 0; }
rollsim=${BUILD:-build}/rollsim
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
"$rollsim" run tests/app/data/small.yaml -q -n 5 -o "$out/a.db" --csv "$out" >/dev/null
"$python" - "$out" <<'P'
import sqlite3, sys
import pandas
folder = sys.argv[1]
db = pandas.read_sql("select * from metrics_long", sqlite3.connect(folder + "/a.db"))
csv = pandas.read_csv(folder + "/metrics.csv", float_precision="round_trip")
csv = csv.rename(columns={"replication": "rep"})
keys = ["scenario", "strategy", "rep", "metric"]
db, csv = (t.sort_values(keys).reset_index(drop=True)[keys + ["unit", "value"]] for t in (db, csv))
assert len(csv) > 300 and csv["value"].isna().any()
pandas.testing.assert_frame_equal(db, csv, check_exact=True)
for name in "summary", "timeline", "pods", "series", "events", "views", "failures":
    table = pandas.read_csv(f"{folder}/{name}.csv")
    lines = open(f"{folder}/{name}.csv").read().count("\n")
    assert 0 < len(table) <= lines - 1, name
    assert not table.columns.str.startswith("Unnamed").any(), name
P
