# An interrupted run leaves only whole files: the old ones stay as they were,
# no temporary is left, and the exit code says that it was interrupted.
set -e
rollsim=${BUILD:-build}/rollsim
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
"$rollsim" run tests/app/data/small.yaml -q -n 1 --csv "$out" >/dev/null
(cd "$out" && cksum *) >"$out.before"
"$rollsim" run tests/app/data/small.yaml -q -n 1000000 --csv "$out" >/dev/null &
pid=$!
sleep 1
kill -INT $pid || { echo "it ended by itself"; exit 1; }
code=0
wait $pid || code=$?
[ "$code" = 130 ] || { echo "exit code $code, not 130"; exit 1; }
(cd "$out" && cksum *) >"$out.after"
cmp "$out.before" "$out.after"
rm -f "$out.before" "$out.after"
# A result that cannot be written is noticed.
code=0
"$rollsim" help >/dev/full 2>/dev/null || code=$?
[ "$code" = 4 ] || { echo "exit code $code for a full disk, not 4"; exit 1; }
# So is one that could not be decided either.
code=0
"$rollsim" run tests/app/data/small.yaml -q -n 30 --until 'requests 0.01%' \
    >/dev/full 2>/dev/null || code=$?
[ "$code" = 4 ] || { echo "exit code $code for a full disk, not 4"; exit 1; }
