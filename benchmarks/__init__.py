"""Ratios to other libraries, measured in one run on one machine."""
