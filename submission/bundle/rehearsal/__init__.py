"""A bundle tried as the organizer would: elsewhere, alone, without a network, within the limits."""
