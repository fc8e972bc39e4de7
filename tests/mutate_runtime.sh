#!/usr/bin/env bash
# Tests the embedded Python runtime with mutdiff itself: every function of the named modules.
#
#   tests/mutate_runtime.sh MUTDIFF PYTHON "mutation swap" test_mutation.py [test_units.py …]
#
# PYTHON has pytest. The project is a copy in which the package has another name: mutdiff's own is
# loaded already in each process that it starts. Reports to target/self/report.json. Options of
# mutdiff's own (`--jobs 1 --quiet`) go into MUTDIFF_OPTIONS.
set -euo pipefail

mutdiff=$(realpath "$1")
python=$2
modules=$3
shift 3
cd "$(dirname "$0")/.."
root=$PWD
project="${CARGO_TARGET_DIR:-$root/target}/self"
rm -rf "$project"
mkdir -p "$project/src/worker" "$project/tests"
cp -r src/worker/python "$project/src/worker/"
cp -r tests/runtime "$project/tests/"
cd "$project"
find . -name __pycache__ -prune -exec rm -rf {} +
mv src/worker/python/_mutdiff src/worker/python/_inner
grep -rlE '_mutdiff|_MUTDIFF' src tests | xargs sed -i 's/_mutdiff/_inner/g; s/_MUTDIFF/_INNER/g'
printf '%s\n' __pycache__/ .mutdiff/ /whole/ /report.json >.gitignore
mkdir whole

commit() {
    git add --all
    git -c user.name=self -c user.email=self@example.org commit --quiet --message "$1"
}

git init --quiet --initial-branch base
for module in $modules; do
    cp "src/worker/python/_inner/$module.py" whole/
    : >"src/worker/python/_inner/$module.py"
done
commit base
git switch --quiet --create change
cp whole/* src/worker/python/_inner/
commit change
# shellcheck disable=SC2086  # several options
"$mutdiff" --python "$python" --base base --scope functions --report json=report.json \
    ${MUTDIFF_OPTIONS-} \
    --tests "${@/#/tests/runtime/}" -p no:cacheprovider
