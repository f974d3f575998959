"""Find, download, verify and load the data sets."""
