"""Formulas: from what a View reads of the cells to a figure, exact until it is printed. One module per subject."""
