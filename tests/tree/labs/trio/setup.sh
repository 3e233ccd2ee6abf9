# shellcheck shell=bash
echo "setup.sh runs on $LABS_NODE, the $LABS_ROLE"
