#!/bin/sh
# Puts ONNX Runtime under target/ and prints the path of its library, for ORT_DYLIB_PATH:
#
#   ORT_DYLIB_PATH=$(scripts/onnxruntime.sh) cargo test
#
# The library is the one inside the PyPI wheel; nothing of it is installed elsewhere. A second call
# only prints the path.
set -eu

VERSION=1.31.1
cd "$(dirname "$0")/.."
folder=$PWD/target/onnxruntime-$VERSION

library() {
    find "$folder" -type f \( -name 'libonnxruntime.so*' -o -name 'libonnxruntime.*dylib' \) 2>/dev/null |
        sort | head -n 1
}

if [ -z "$(library)" ]; then
    mkdir -p "$folder"
    python3 -m pip install --quiet --disable-pip-version-check --no-deps --upgrade \
        --target "$folder" "onnxruntime==$VERSION" >&2
fi

found=$(library)
if [ -z "$found" ]; then
    echo "onnxruntime.sh: the wheel of onnxruntime $VERSION has no library for this machine" >&2
    exit 1
fi
printf '%s\n' "$found"
