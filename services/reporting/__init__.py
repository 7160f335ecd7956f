"""reporting: counts what happened to leads, and answers how many, why, how fast and for how much."""
