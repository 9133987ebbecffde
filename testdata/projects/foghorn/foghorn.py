"""What the programs sound like."""

SIGNALS = ["one long", "two short"]
