"""A run from its opening to its end, without a word of pytest: what the plugin and the command line share."""
