#!/bin/sh
# Every conformance table that is not kept for later holds, row by row.
tool=${BUILD:-build}/tests/tools/conformance
if [ -d ../shared/conformance ]; then
    exec "$tool" ../shared/conformance
fi
echo 'SKIPPED conformance tables: ../shared is not there'
