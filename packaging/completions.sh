#!/bin/sh
# Writes the completions of the three shells that packages install: completions.sh DIR
set -eu
mkdir -p "$1"
for shell in bash zsh fish; do
	go run -tags disable_grpc_modules,grpcnotrace ./cmd/backtrail completion "$shell" >"$1/backtrail.$shell"
done
