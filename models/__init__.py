"""The contract: frozen types and validation shared by all other packages. No IO, no clock."""
