#!/bin/sh
exec /prodverdict action "$@"
