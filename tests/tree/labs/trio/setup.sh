# shellcheck shell=bash
echo "the scene is set on $LABS_NODE, the $LABS_ROLE"
