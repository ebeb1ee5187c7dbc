"""What `libddtrace-run` puts in front of a program."""
