"""Tests that run real VMs."""
