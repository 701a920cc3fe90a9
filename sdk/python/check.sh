#!/bin/sh
# Checks everything that must hold of the SDK. COOLY_BIN is the program to test against; what is installed goes to a
# folder of its own under COOLY_TARGET (target/ of the checkout if it is not set).
set -eu
cd "$(dirname "$0")"
: "${COOLY_BIN:?set it to the program to test against, such as target/debug/cooly}"
case $COOLY_BIN in /*) ;; *) COOLY_BIN=$(cd "$(dirname "$OLDPWD/$COOLY_BIN")" && pwd)/$(basename "$COOLY_BIN") ;; esac
target=${COOLY_TARGET:-../../target}
mkdir -p "$target"
target=$(cd "$target" && pwd)/sdk-python
export COOLY_BIN PYTHONDONTWRITEBYTECODE=1

[ -x "$target/bin/python" ] || "${PYTHON:-python3}" -m venv "$target"
PATH="$target/bin:$PATH"
# As a user installs it, so that what is missing in the package is missing here.
pip install --quiet --disable-pip-version-check --force-reinstall --no-deps .
pip install --quiet --disable-pip-version-check '.[dev]'

python generate/generate.py --check
ruff check --cache-dir "$target/ruff" .
# The README's blocks, one after the other, are a program whose types must be right as well.
sed -n '/^```python$/,/^```$/p' README.md | sed 's/^```.*//' > "$target/readme.py"
mypy --cache-dir "$target/mypy" src tests examples generate "$target/readme.py"
python -m pytest -p no:cacheprovider
