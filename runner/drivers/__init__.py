"""What nodes can be made of, one package a driver."""
