"""The command line: one module a command, which reads options, calls the library and reports."""
