"""The kinds of graders: one module each, found by ``rbrctl.graders.registry``."""
