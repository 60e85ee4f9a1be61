"""Starting, tidying and importing rule sets."""
