"""Documents: made from the catalogue's rows, in slices, when somebody asks or when they may be others."""
