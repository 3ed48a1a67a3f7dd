"""Reports: numbers of a complete period as a mail, for each stakeholder. Pure but for `gather`, `told`, `deliver`."""
