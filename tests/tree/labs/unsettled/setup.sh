# shellcheck shell=bash
echo "before the fall"
ls /no-such-place
