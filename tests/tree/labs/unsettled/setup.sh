# shellcheck shell=bash
echo "before the failure"
ls /no-such-place
