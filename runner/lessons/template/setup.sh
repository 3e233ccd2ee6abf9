#!/bin/bash
# Sets the scene, as root, on every node once it is up. Running it twice must do no harm.

echo "The scene is set on $LABS_NODE, a $LABS_ROLE of the lab '$LABS_LAB'."
