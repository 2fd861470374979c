"""From a function object to a core program: capture, exits, lowering."""
