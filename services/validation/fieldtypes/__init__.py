"""Field types: raw text in; canonical value, or what was wrong with it, out."""
