#!/bin/bash
# Sets the scene on a node: a greeting that says which node this is. Nothing else; a swarm begins with bare engines.

cat >/etc/motd <<END

  This is $LABS_NODE, a machine with a Docker Engine of its own. In the lab '$LABS_LAB' it becomes a $LABS_ROLE.
  Leave it with 'exit' or Ctrl-D; nothing is lost by that.

END

# Only a terminal is greeted: what is piped into a shell, or run in one, gets no more output than it asked for.
cat >/etc/profile.d/labs-greeting.sh <<'END'
case $- in *i*) cat /etc/motd ;; esac
END
