"""Corrections of shapes that were read incorrectly: labelled images, and their database."""
