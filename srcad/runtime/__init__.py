"""What generated code may call.  It knows no compiler."""
