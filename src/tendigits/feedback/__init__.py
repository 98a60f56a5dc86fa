"""Corrections of shapes that were read wrong: labelled images, and the database they are kept in."""
