#!/bin/sh
# build.sh FOLDER: compiles core and reference for the page, with Debian's emscripten: FOLDER/reference.wasm, and the same in base64, as it
# is put into the page (web/page.cmake).
set -eu
folder=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$folder"
functions=convstep_allocate,convstep_free,convstep_conv_forward,convstep_conv_backward,convstep_pool_forward,convstep_pool_backward
exported=$(echo "$functions" | sed 's/[a-z_]*/_&/g')
# The order and rounding of sums are the library's (CMakeLists.txt): no contraction, no fast-math. Nothing here throws.
em++ -std=c++20 -O2 -ffp-contract=off -fno-fast-math -I"$root/include" -I"$root/src" \
  "$root/web/wasm/reference.cc" "$root/src/reference/activation.cc" "$root/src/reference/conv.cc" "$root/src/reference/pool.cc" \
  "$root/src/core/window_axis.cc" "$root/src/core/error.cc" "$root/src/core/shape.cc" "$root/src/core/wording.cc" "$root/src/runtime/memory.cc" \
  --no-entry -sSTANDALONE_WASM -sALLOW_MEMORY_GROWTH -sEXPORTED_FUNCTIONS="$exported" -o "$folder/reference.wasm"
base64 -w 0 "$folder/reference.wasm" >"$folder/reference.base64"
