"""The buyer's catalog: the terms that every decision is held against."""
