"""Facts about the world that age, packaged with a version and a date."""
