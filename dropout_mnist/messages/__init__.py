"""Texts that can reach the page from below it."""
