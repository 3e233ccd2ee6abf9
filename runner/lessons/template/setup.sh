#!/bin/bash
# Prepares a node: runs as root on every node after it has started. Running it twice must be harmless.

echo "Prepared $LABS_NODE, a $LABS_ROLE in the lab '$LABS_LAB'."
