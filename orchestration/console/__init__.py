"""What the commands print: one module per command, none of which decides anything."""
