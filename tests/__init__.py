"""Tests of runner and checks; those in docker/ need a real engine."""
