"""Printers of core programs: NumPy source, and source for XLA."""
