#!/usr/bin/env bash
# Everything that must hold for this package. Needs Node 20.11 or newer, npm, and a built cooly in COOLY_BIN.
# Writes only into COOLY_TARGET (the `target` of the repository if not set).
set -euo pipefail

cd "$(dirname "$0")"
here=$PWD
repository=$(cd ../.. && pwd)
target=${COOLY_TARGET:-$repository/target}/sdk-typescript
COOLY_BIN=${COOLY_BIN:-$repository/target/debug/cooly}
if [[ ! -x $COOLY_BIN ]]; then
    echo "check: no cooly at $COOLY_BIN: build it, or set COOLY_BIN" >&2
    exit 1
fi
COOLY_BIN=$(realpath "$COOLY_BIN")
export COOLY_BIN

# The tools, pinned by the lock file.
mkdir -p "$target"
target=$(cd "$target" && pwd)
if ! cmp -s package-lock.json "$target/package-lock.json"; then
    cp package.json "$target/"
    cp package-lock.json "$target/package-lock.json.new"
    rm -f "$target/package-lock.json"
    mv "$target/package-lock.json.new" "$target/package-lock.json"
    (cd "$target" && npm ci --ignore-scripts --no-audit --no-fund) || { rm -f "$target/package-lock.json"; exit 1; }
fi
tool() { "$target/node_modules/.bin/$1" "${@:2}"; }

node generate/generate.mjs --check
tool biome check .

# The package as it would be published, put where its users have it.
package=$target/package
rm -rf "$package" "$target/js" "$target/user"
mkdir -p "$package" "$target/user"
tool tsc --project tsconfig.build.json --outDir "$package/dist"
cp package.json README.md ../../LICENSE-APACHE ../../LICENSE-MIT "$package/"
(cd "$package" && npm pack --ignore-scripts --silent --pack-destination "$target/user" >/dev/null)
mkdir -p "$target/user/node_modules/@cooly"
tar -xzf "$target"/user/cooly-sdk-*.tgz -C "$target/user/node_modules/@cooly"
mv "$target/user/node_modules/@cooly/package" "$target/user/node_modules/@cooly/sdk"

# The tests, the example and the README use it from there, with nothing but Node's types.
rm -rf "$target/user/code"
mkdir -p "$target/user/code"
cp -r tests examples "$target/user/code/"
node tests/readme.mjs "$target/user/code/readme/walk.ts"
echo '{ "type": "module" }' >"$target/user/code/package.json"
cat >"$target/user/tsconfig.json" <<END
{
  "extends": "$here/tsconfig.base.json",
  "include": ["code"],
  "compilerOptions": {
    "rootDir": "code",
    "outDir": "js",
    "lib": ["ES2023"],
    "types": ["node"],
    "typeRoots": ["$target/node_modules/@types"]
  }
}
END
tool tsc --project "$target/user/tsconfig.json"
cp "$target/user/code/package.json" "$target/user/js/"

cd "$target/user/js"
node --test --test-reporter=tap --test-timeout=900000 tests/*.test.js
