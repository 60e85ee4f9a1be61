"""The reward as an HTTP service, for trainers that call one."""
