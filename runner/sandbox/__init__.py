"""Servers for the demo and the tests: real protocols on loopback, behaviour decided by the address."""
