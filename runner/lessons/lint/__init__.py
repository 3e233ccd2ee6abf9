"""Find every problem of a lab that can be found without a cluster."""
