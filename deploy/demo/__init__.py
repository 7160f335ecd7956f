"""The demo: a labelled stream of realistic leads, played through the public edge and judged against its labels."""
