"""Checks of derivatives by means that share nothing with how they were made: see `srcad.checks.check`."""
