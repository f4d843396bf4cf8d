#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The verbs of ContainerSSH's agent (core.md 6.1 and 6.2) as a busybox script: a stand-in for the real one in images of tests.
# With SILENT in the environment `console` says nothing and starts nothing.
# With CLAIM in the environment `console` says that number instead of its own, and `signal` writes down who was meant.
mode=$1
shift
case $mode in
  console)
    [ "$1" = --pid ] && [ "$2" = -- ] || exit 1
    shift 2
    [ -z "$SILENT" ] || exec sleep 4321
    pid=${CLAIM:-$$}
    report=
    for shift in 0 8 16 24; do report="$report\\0$(printf %o $((pid >> shift & 255)))"; done
    printf %b "$report"
    exec "$@" ;;
  signal)
    [ "$1" = --pid ] && [ "$3" = --signal ] || exit 1
    if [ -e /tmp/claimed ]; then
      echo "$2 $4" >>/tmp/claimed
      exit 0
    fi
    kill -s "$4" "$2" 2>/dev/null || exit 2 ;;
  wait-signal)
    trap 'exit 0' INT TERM
    while :; do
      sleep 3600 &
      wait $!
    done ;;
  write-file)
    umask 077
    exec cat >"$1" ;;
  *) exit 1 ;;
esac
