"""The command line: `lenet-edu COMMAND`."""
