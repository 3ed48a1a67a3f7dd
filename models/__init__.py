"""What things are: frozen types shared by every other folder. No IO, no clock."""
