"""Documents: computed from the catalogue's rows, in slices, on request or when they may have changed."""
