"""What the commands of this package print."""
