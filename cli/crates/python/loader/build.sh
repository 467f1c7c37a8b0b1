#!/bin/sh
# Builds loader-x86_64 and loader-aarch64 from loader.c. Needs zig (PyPI's ziglang): build.sh "python -m ziglang"
set -eu
cd "$(dirname "$0")"
for machine in x86_64 aarch64; do
  ${1:-zig} cc -target $machine-linux-none -Os -ffreestanding -nostdlib -static -fno-pic -fno-pie -fno-builtin \
    -fno-stack-protector -fno-sanitize=all -fno-asynchronous-unwind-tables \
    -Wl,--build-id=none -Wl,-s -o loader-$machine loader.c
done
