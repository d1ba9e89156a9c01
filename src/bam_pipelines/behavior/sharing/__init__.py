"""Tables in forms that others read."""
